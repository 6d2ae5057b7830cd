package v2grpc

import (
	"context"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/tensortest"
	"servebench/targets/protocol"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// typed is an input tensor of shape [2] with its contents in a field of
// InferTensorContents.
func typed(datatype string, number protowire.Number, contents []byte) []byte {
	b := appendText(appendText(nil, 1, "x"), 2, datatype)
	b = appendMessage(b, 3, []byte{2})
	return appendMessage(b, 5, appendMessage(nil, number, contents))
}

func varints(values ...int64) (b []byte) {
	for _, v := range values {
		b = protowire.AppendVarint(b, uint64(v))
	}
	return b
}

func TestTypedContents(t *testing.T) {
	floats := protowire.AppendFixed32(protowire.AppendFixed32(nil, math.Float32bits(1.5)), math.Float32bits(-2))
	doubles := protowire.AppendFixed64(protowire.AppendFixed64(nil, math.Float64bits(1.5)), math.Float64bits(-2))
	for _, tt := range []struct {
		name    string
		message []byte
		want    []float64
		fault   string
	}{
		{"BOOL", typed("BOOL", 1, varints(1, 0)), []float64{1, 0}, ""},
		{"INT8", typed("INT8", 2, varints(-128, 127)), []float64{-128, 127}, ""},
		{"INT8 too large", typed("INT8", 2, varints(-129, 0)), nil, "out of the range of INT8"},
		{"INT16", typed("INT16", 2, varints(-32768, 5)), []float64{-32768, 5}, ""},
		{"INT32", typed("INT32", 2, varints(-1, math.MaxInt32)), []float64{-1, math.MaxInt32}, ""},
		{"INT64", typed("INT64", 3, varints(-1, 1<<40)), []float64{-1, 1 << 40}, ""},
		{"UINT8", typed("UINT8", 4, varints(0, 255)), []float64{0, 255}, ""},
		{"UINT8 too large", typed("UINT8", 4, varints(0, 256)), nil, "out of the range of UINT8"},
		{"UINT32", typed("UINT32", 4, varints(0, math.MaxUint32)), []float64{0, math.MaxUint32}, ""},
		{"UINT64", typed("UINT64", 5, varints(7, 1<<40)), []float64{7, 1 << 40}, ""},
		{"FP32", typed("FP32", 6, floats), []float64{1.5, -2}, ""},
		{"FP64", typed("FP64", 7, doubles), []float64{1.5, -2}, ""},
		{"in another field", typed("FP32", 7, doubles), nil, "FP32 has its contents in field 6, got field 7"},
		{"of another length", typed("FP32", 6, floats[:4]), nil, "holds 4 bytes, want 8"},
		{"no datatype of the protocol", typed("FP8", 6, floats), nil, `datatype "FP8" is not one of the protocol`},
	} {
		request := inference{}
		err := request.read(appendMessage(nil, 5, tt.message), rawInputs)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%s: %v, want an error with %q", tt.name, err, tt.fault)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		x := request.tensors[0]
		if got := []float64{x.Number(0), x.Number(1)}; !cmp.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestMessagesComeBack(t *testing.T) {
	tensors := []generators.Tensor{
		generators.Float32s("a", []int64{2, 1}, []float32{1, 2}),
		tensortest.ByteStrings("b", []int64{2}, "one", ""),
		tensortest.Int64s("c", []int64{0}, nil),
	}
	sent := inference{model: "m", version: "2", id: "r-1", tensors: tensors, asked: []string{"x", "y"}}
	var got inference
	if err := got.read(sent.appendTo(nil, rawInputs), rawInputs); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sent, got, cmp.AllowUnexported(inference{}), equalEmpty); diff != "" {
		t.Errorf("request (-sent +read):\n%s", diff)
	}
	answered := inference{model: "m", version: "2", id: "r-1", tensors: tensors}
	var read inference
	if err := read.read(answered.appendTo(nil, rawOutputs), rawOutputs); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(answered, read, cmp.AllowUnexported(inference{}), equalEmpty); diff != "" {
		t.Errorf("response (-sent +read):\n%s", diff)
	}
}

var equalEmpty = cmp.Comparer(func(a, b []byte) bool { return string(a) == string(b) })

// TestCallsOfAGRPCClient has the client of grpc-go, which knows nothing of this package's
// framing, make every call.
func TestCallsOfAGRPCClient(t *testing.T) {
	m := protocol.Model{
		Name: "m", Version: "3", Predict: protocol.Binary(func(x []float32) float32 { return x[0] }),
		Schema: generators.Schema{Features: []generators.Feature{{Name: "a"}}, Classes: []string{"no", "yes"}},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: Handler(protocol.Service{Name: "s", Version: "1", Models: protocol.NewRegistry(&protocol.Served{Model: m})}), Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	call := func(method string, request []byte) ([]byte, error) {
		var reply []byte
		err := conn.Invoke(context.Background(), "/"+service+"/"+method, &request, &reply, grpc.ForceCodecV2(clientCodec{}))
		return reply, err
	}
	for _, method := range []string{"ServerLive", "ServerReady"} {
		if got, err := call(method, nil); err != nil || !cmp.Equal(got, []byte{1 << 3, 1}) {
			t.Errorf("%s: %v, %v, want true", method, got, err)
		}
	}
	if got, err := call("ModelReady", appendText(nil, 1, "m")); err != nil || !cmp.Equal(got, []byte{1 << 3, 1}) {
		t.Errorf("ModelReady: %v, %v, want true", got, err)
	}
	if _, err := call("ModelReady", appendText(nil, 1, "n")); status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), `unknown model "n", want one of m`) {
		t.Errorf("ModelReady of another model: %v", err)
	}
	if _, err := call("ModelMetadata", appendText(appendText(nil, 1, "m"), 2, "4")); status.Code(err) != codes.NotFound {
		t.Errorf("ModelMetadata of another version: %v", err)
	}
	if got, err := call("ModelMetadata", appendText(nil, 1, "m")); err != nil || !strings.Contains(string(got), "probability") {
		t.Errorf("ModelMetadata: %q, %v", got, err)
	}
	if got, err := call("ServerMetadata", nil); err != nil || !cmp.Equal(got, appendText(appendText(nil, 1, "s"), 2, "1")) {
		t.Errorf("ServerMetadata: %q, %v", got, err)
	}
	request := inference{model: "m", id: "7", tensors: []generators.Tensor{generators.Float32s("features", []int64{2, 1}, []float32{0.25, 0.75})}}
	got, err := call("ModelInfer", request.appendTo(nil, rawInputs))
	if err != nil {
		t.Fatal(err)
	}
	var reply inference
	if err := reply.read(got, rawOutputs); err != nil {
		t.Fatal(err)
	}
	want := []generators.Tensor{
		tensortest.Int64s("label", []int64{2}, []int64{0, 1}), generators.Float32s("probability", []int64{2}, []float32{0.25, 0.75}),
		tensortest.ByteStrings("class", []int64{2}, "no", "yes"),
	}
	if diff := cmp.Diff(want, reply.tensors); diff != "" || reply.id != "7" || reply.model != "m" || reply.version != "3" {
		t.Errorf("reply %+v; outputs (-want +got):\n%s", reply, diff)
	}
	request.asked = []string{"colour"}
	if _, err := call("ModelInfer", request.appendTo(nil, rawInputs)); status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), `unknown output "colour"`) {
		t.Errorf("an unknown output: %v", err)
	}
}

// clientCodec is rawCodec for the values that Invoke takes, which are pointers.
type clientCodec struct{ rawCodec }

func (c clientCodec) Marshal(v any) (mem.BufferSlice, error) { return c.rawCodec.Marshal(*v.(*[]byte)) }

func TestFailure(t *testing.T) {
	grpcHeader := func(fields ...string) http.Header {
		h := http.Header{"Content-Type": {"application/grpc"}}
		for i := 0; i < len(fields); i += 2 {
			h.Set(fields[i], fields[i+1])
		}
		return h
	}
	for _, tt := range []struct {
		response protocol.Response
		want     protocol.Failure
	}{
		{protocol.Response{Header: grpcHeader(), Trailer: http.Header{"Grpc-Status": {"0"}}}, protocol.Failure{}},
		{protocol.Response{Header: grpcHeader(), Trailer: http.Header{"Grpc-Status": {"14"}, "Grpc-Message": {"50%25 busy"}}}, protocol.Failure{Class: "gRPC UNAVAILABLE", Text: "50% busy", Status: 503}},
		{protocol.Response{Header: grpcHeader("Grpc-Status", "5", "Grpc-Message", "no such model")}, protocol.Failure{Class: "gRPC NOT_FOUND", Text: "no such model", Status: 404}},
		{protocol.Response{Header: grpcHeader()}, protocol.Failure{Class: "gRPC without status", Text: "the response ended without a grpc-status in its trailer", Status: 502}},
		{protocol.Response{Header: grpcHeader(), Trailer: http.Header{"Grpc-Status": {"99"}}}, protocol.Failure{Class: "gRPC unknown status", Text: `grpc-status "99": `, Status: 500}},
		{protocol.Response{Header: http.Header{"Content-Type": {"text/html"}}}, protocol.Failure{}}, // which Decode refuses
	} {
		p, err := Kind().Open(protocol.Config{Model: "m"})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.(protocol.FailureReader).Failure(tt.response); got != tt.want {
			t.Errorf("%+v: %+v, want %+v", tt.response, got, tt.want)
		}
	}
	if _, err := (client{}).Decode(protocol.Response{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}}); err == nil || !strings.Contains(err.Error(), "want application/grpc") {
		t.Errorf("a page of HTML is decoded: %v", err)
	}
}

func FuzzRequest(f *testing.F) {
	r := inference{model: "m", tensors: []generators.Tensor{generators.Float32s("features", []int64{1, 2}, []float32{1, 2})}, asked: []string{"label"}}
	f.Add(r.appendTo(nil, rawInputs))
	f.Add(appendMessage(nil, 5, typed("INT8", 2, varints(-128, 127))))
	f.Fuzz(func(t *testing.T, message []byte) {
		var once, again inference
		if once.read(message, rawInputs) != nil {
			return
		}
		if err := again.read(once.appendTo(nil, rawInputs), rawInputs); err != nil {
			t.Fatalf("%+v is not read again: %v", once, err)
		}
	})
}

func FuzzResponse(f *testing.F) {
	r := inference{model: "m", tensors: []generators.Tensor{tensortest.Int64s("label", []int64{1}, []int64{1})}}
	f.Add(frame(r.appendTo(make([]byte, framePrefix), rawOutputs)))
	c := client{protocol.Config{Model: "m", Schema: generators.Schema{Classes: []string{"a", "b", "c"}}}}
	f.Fuzz(func(t *testing.T, body []byte) {
		reply, err := c.Decode(protocol.Response{Status: 200, Header: http.Header{"Content-Type": {"application/grpc"}}, Body: body})
		for _, a := range reply.Answers {
			if err == nil && (a.Label < 0 || a.Label > 2) {
				t.Fatalf("answer %+v", a)
			}
		}
	})
}
