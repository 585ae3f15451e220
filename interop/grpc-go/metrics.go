package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats/opentelemetry"
)

// As in metrics.spec.ts.
const patience = time.Second

// row is one series of a metric.
type row struct {
	Name   string            `json:"name"`
	Unit   string            `json:"unit"`
	Labels map[string]string `json:"labels"`
	Count  int64             `json:"count"`
	Sum    float64           `json:"sum"`
	Bounds []float64         `json:"bounds,omitempty"`
}

// measure makes calls of echo.EchoServer/SayHello with grpc-go's own client metrics (gRFC A66), and prints these. A call is the
// name to send: "deadline" has a deadline, and "cancelled" is cancelled.
func measure(target, serviceConfig string, calls []string) {
	reader := metric.NewManualReader()
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	conn, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(echoCodec{}), grpc.StaticMethod()),
		opentelemetry.DialOption(opentelemetry.Options{
			MetricsOptions: opentelemetry.MetricsOptions{MeterProvider: provider},
		}))
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range calls {
		callOnce(conn, name)
	}
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &collected); err != nil {
		log.Fatal(err)
	}
	rows := []row{}
	for _, scope := range collected.ScopeMetrics {
		for _, each := range scope.Metrics {
			rows = append(rows, rowsOf(each)...)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(rows); err != nil {
		log.Fatal(err)
	}
}

func callOnce(conn *grpc.ClientConn, name string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if name == "deadline" {
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	if name == "cancelled" {
		time.AfterFunc(patience, cancel)
	}
	reply := ""
	// How it ends is told by the metrics.
	_ = conn.Invoke(ctx, "/echo.EchoServer/SayHello", name, &reply)
}

func rowsOf(each metricdata.Metrics) []row {
	rows := []row{}
	add := func(labels attribute.Set, count int64, sum float64, bounds []float64) {
		named := map[string]string{}
		for _, label := range labels.ToSlice() {
			named[string(label.Key)] = label.Value.Emit()
		}
		rows = append(rows, row{each.Name, each.Unit, named, count, sum, bounds})
	}
	switch data := each.Data.(type) {
	case metricdata.Sum[int64]:
		for _, point := range data.DataPoints {
			add(point.Attributes, point.Value, 0, nil)
		}
	case metricdata.Histogram[int64]:
		for _, point := range data.DataPoints {
			add(point.Attributes, int64(point.Count), float64(point.Sum), point.Bounds)
		}
	case metricdata.Histogram[float64]:
		for _, point := range data.DataPoints {
			add(point.Attributes, int64(point.Count), point.Sum, point.Bounds)
		}
	}
	return rows
}
