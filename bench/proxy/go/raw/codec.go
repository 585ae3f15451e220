// Package raw passes messages on as they are: marshalling is not what is measured.
package raw

import "google.golang.org/grpc/mem"

// Codec takes and gives *[]byte.
type Codec struct{}

func (Codec) Name() string { return "proto" }

func (Codec) Marshal(value any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*value.(*[]byte))}, nil
}

func (Codec) Unmarshal(data mem.BufferSlice, value any) error {
	*value.(*[]byte) = data.Materialize()
	return nil
}
