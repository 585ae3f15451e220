package main

import (
	"context"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	xdscreds "google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/xds"
)

// serve answers SayHello with the name, as the control plane of the bootstrap says: "serve HOST:PORT NAME".
func serve(address, name string) {
	creds, err := xdscreds.NewServerCredentials(xdscreds.ServerOptions{FallbackCreds: insecure.NewCredentials()})
	if err != nil {
		log.Fatal(err)
	}
	mode := xds.ServingModeCallback(func(_ net.Addr, change xds.ServingModeChangeArgs) {
		log.Printf("%s %v", change.Mode, change.Err)
	})
	server, err := xds.NewGRPCServer(grpc.Creds(creds), mode, grpc.ForceServerCodec(echoCodec{}))
	if err != nil {
		log.Fatal(err)
	}
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "echo.EchoServer",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "SayHello",
			Handler: func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
				answer := func(context.Context, any) (any, error) { return "Hello from " + name, nil }
				var request string
				if err := decode(&request); err != nil || intercept == nil {
					reply, _ := answer(ctx, request)
					return reply, err
				}
				return intercept(ctx, request, &grpc.UnaryServerInfo{FullMethod: "/echo.EchoServer/SayHello"}, answer)
			},
		}},
	}, nil)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Serve(listener))
}
