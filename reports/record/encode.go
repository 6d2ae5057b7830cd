package record

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The marks of the V2 encoding, of which the low bits say that counts are words
// of variable length.
const (
	encodingCookie           = hdrhistogram.V2EncodingCookieBase | 0x10
	compressedEncodingCookie = hdrhistogram.V2CompressedEncodingCookieBase | 0x10
)

// encoder encodes histograms as the library's Encode does, in a fraction of the
// time and memory, which are taken from the load while it goes on: it compresses
// fast rather than best, and keeps its memory for the next histogram. The format
// is HdrHistogram's V2 (AbstractHistogram.encodeIntoByteBuffer and
// encodeIntoCompressedByteBuffer): ZigZag LEB128 counts, runs of zeros as one
// negative number, deflated, in Base64.
type encoder struct {
	payload    []byte
	head       []byte
	compressed bytes.Buffer
	deflate    *zlib.Writer
	text       []byte
}

func newEncoder() *encoder {
	e := &encoder{}
	e.deflate, _ = zlib.NewWriterLevel(&e.compressed, zlib.BestSpeed) // a level that exists
	return e
}

// encode returns the histogram's encoding, which holds until the next call.
func (e *encoder) encode(h *hdrhistogram.Histogram) ([]byte, error) {
	snapshot := h.Export()
	e.payload = appendCounts(e.payload[:0], snapshot.Counts)
	e.head = e.head[:0]
	for _, field := range []int32{encodingCookie, int32(len(e.payload)), 0, int32(snapshot.SignificantFigures)} {
		e.head = binary.BigEndian.AppendUint32(e.head, uint32(field))
	}
	for _, field := range []uint64{uint64(snapshot.LowestTrackableValue), uint64(snapshot.HighestTrackableValue), math.Float64bits(1)} {
		e.head = binary.BigEndian.AppendUint64(e.head, field)
	}
	e.compressed.Reset()
	e.compressed.Write(make([]byte, 8)) // the mark and the length, known later
	e.deflate.Reset(&e.compressed)
	for _, part := range [][]byte{e.head, e.payload} {
		if _, err := e.deflate.Write(part); err != nil {
			return nil, fmt.Errorf("compress: %w", err)
		}
	}
	if err := e.deflate.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	whole := e.compressed.Bytes()
	binary.BigEndian.PutUint32(whole, uint32(compressedEncodingCookie))
	binary.BigEndian.PutUint32(whole[4:], uint32(len(whole)-8))
	e.text = base64.StdEncoding.AppendEncode(e.text[:0], whole)
	return e.text, nil
}

// appendCounts appends counts up to the last one above zero.
func appendCounts(to []byte, counts []int64) []byte {
	zeros := int64(0)
	for _, count := range counts {
		if count == 0 {
			zeros++
			continue
		}
		switch zeros {
		case 0:
		case 1: // a run is of two and more
			to = binary.AppendVarint(to, 0)
		default:
			to = binary.AppendVarint(to, -zeros)
		}
		zeros = 0
		to = binary.AppendVarint(to, count)
	}
	return to
}
