package tensorboard

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// file writes an event file: records of a length, its masked checksum, an Event and its masked
// checksum. The messages and the numbers of their fields are those of event.proto and
// summary.proto, https://github.com/tensorflow/tensorboard/tree/2.21.0/tensorboard/compat/proto;
// the frame is that of tensorboard/summary/writer/record_writer.py there.
type file struct {
	w   io.Writer
	err error // the first
}

// newFile begins a file that is made at a time.
func newFile(w io.Writer, made time.Time) *file {
	f := &file{w: w}
	f.event(made, 0, field(nil, 3, []byte("brain.Event:2")))
	return f
}

// summary writes values of a moment and a step.
func (f *file) summary(at time.Time, step int64, values ...value) {
	if len(values) == 0 {
		return
	}
	var all []byte
	for _, v := range values {
		all = field(all, 1, v)
	}
	f.event(at, step, field(nil, 5, all))
}

func (f *file) event(at time.Time, step int64, what []byte) {
	event := double(nil, 1, float64(at.UnixNano())/1e9)
	if step != 0 {
		event = varint(event, 2, uint64(step))
	}
	f.record(append(event, what...))
}

func (f *file) record(data []byte) {
	if f.err != nil {
		return
	}
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	frame := binary.LittleEndian.AppendUint32(length, maskedCRC(length))
	frame = append(frame, data...)
	frame = binary.LittleEndian.AppendUint32(frame, maskedCRC(data))
	_, f.err = f.w.Write(frame)
}

// maskedCRC is a CRC-32C that may stand in data of which checksums are made again.
func maskedCRC(data []byte) uint32 {
	c := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return (c>>15 | c<<17) + 0xa282ead8
}

// value is a Summary.Value.
type value []byte

func scalar(tag string, v float64) value {
	b := field(nil, 1, []byte(tag))
	b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
	return protowire.AppendFixed32(b, math.Float32bits(float32(v)))
}

// bucket counts values above the limit of the one before, up to its own.
type bucket struct{ limit, count float64 }

// histogram is the distribution of values with these moments, by its buckets, ascending.
func histogram(tag string, least, most, n, sum, squares float64, buckets []bucket) value {
	var limits, counts []byte
	for _, b := range buckets {
		limits = protowire.AppendFixed64(limits, math.Float64bits(b.limit))
		counts = protowire.AppendFixed64(counts, math.Float64bits(b.count))
	}
	var h []byte
	for i, v := range []float64{least, most, n, sum, squares} {
		h = double(h, protowire.Number(i+1), v)
	}
	return field(field(nil, 1, []byte(tag)), 5, field(field(h, 6, limits), 7, counts))
}

// plugin is a value that is its metadata alone, for a plugin of TensorBoard.
func plugin(tag, name string, content []byte) value {
	data := field(field(nil, 1, []byte(name)), 2, content)
	return field(field(nil, 1, []byte(tag)), 9, field(nil, 1, data))
}

// field adds a message, a text or packed numbers.
func field(b []byte, number protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), content)
}

func varint(b []byte, number protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), v)
}

func double(b []byte, number protowire.Number, v float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, number, protowire.Fixed64Type), math.Float64bits(v))
}
