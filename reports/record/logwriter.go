package record

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The geometry of every histogram in a run. One geometry for all means that
// merging them loses nothing.
const (
	Lowest  = time.Nanosecond
	Highest = time.Hour // longer ones do not fit: count them in Instrument.OutOfRange
	Digits  = 3         // significant decimal digits: 0.1 % of the value
)

// NewHistogram is an empty histogram of nanoseconds from Lowest to Highest with
// Digits significant digits; about 270 KB.
func NewHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(Lowest), int64(Highest), Digits)
}

// Interval is one line of a cell's interval log.
type Interval struct {
	Tag        string // TagResponse …
	Start, End time.Duration
	Histogram  *hdrhistogram.Histogram // values in nanoseconds
}

// LogWriter writes one cell's interval log. Every interval goes to the file at
// once, so that a crash loses none that was written. It is not safe for
// concurrent use.
//
// The format is HdrHistogram's interval log, version 1.3, of V2 histograms:
// https://github.com/HdrHistogram/HdrHistogram, HistogramLogWriter. Interval
// start and length are seconds from the cell's Started, Interval_Max is in
// milliseconds while the histogram holds nanoseconds, as the public tools
// expect. The lines are written here and not by hdrhistogram-go's log writer,
// which keeps only whole seconds of the start time and whole milliseconds of
// the intervals, and would have to change the caller's histogram to tag it.
type LogWriter struct {
	name    string
	file    *os.File
	encoder *encoder
}

func newLogWriter(folder *Folder, name string, now time.Time) (*LogWriter, error) {
	file, err := folder.Create(name)
	if err != nil {
		return nil, err
	}
	l := &LogWriter{name: name, file: file, encoder: newEncoder()}
	if _, err := file.WriteString(logHeader(now)); err != nil {
		file.Close()
		return nil, fmt.Errorf("write header of interval log %s: %w", name, err)
	}
	return l, nil
}

// logHeader announces the format and its units. StartTime is when the log was
// opened; that is before the first due time by the little that lies between, so
// a comment points to the exact one.
func logHeader(now time.Time) string {
	seconds := float64(now.UnixMilli()) / 1e3
	var b strings.Builder
	fmt.Fprintln(&b, "#[Logged by servebench: nanoseconds; Tag is the kind of latency]")
	fmt.Fprintln(&b, "#[Histogram log format version 1.3]")
	fmt.Fprintf(&b, "#[StartTime: %.3f (seconds since epoch), %s]\n", seconds, now.UTC().Format(time.RFC3339Nano))
	fmt.Fprintf(&b, "#[BaseTime: %.3f (seconds since epoch)]\n", seconds)
	fmt.Fprintln(&b, "#[Intervals count from the cell's \"started\" in run.json, by due time; Interval_Max is in ms]")
	fmt.Fprintln(&b, `"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"`)
	return b.String()
}

// Interval writes the histogram of one tag over [start, end) of the schedule;
// both count from the cell's Started. The histogram holds nanoseconds and is
// left as it is.
func (l *LogWriter) Interval(tag string, start, end time.Duration, h *hdrhistogram.Histogram) error {
	line, err := l.encoder.line(tag, start, end, h)
	if err == nil {
		_, err = l.file.WriteString(line)
	}
	if err != nil {
		return fmt.Errorf("write interval log %s: %w", l.name, err)
	}
	return nil
}

// Append writes an interval that LogLines made a line of, in another process perhaps.
func (l *LogWriter) Append(line string) error {
	_, err := parseInterval(strings.TrimSuffix(line, "\n"))
	if err == nil {
		_, err = l.file.WriteString(line)
	}
	if err != nil {
		return fmt.Errorf("write interval log %s: %w", l.name, err)
	}
	return nil
}

// LogLines makes lines of intervals, for the log of a cell whose folder is elsewhere. It is
// not safe for concurrent use.
type LogLines struct {
	encoder *encoder
	put     func(line string) error
}

// NewLogLines returns one that hands each line to put, with the newline at its end.
func NewLogLines(put func(line string) error) *LogLines { return &LogLines{newEncoder(), put} }

// Interval makes the line of an interval, see LogWriter.
func (l *LogLines) Interval(tag string, start, end time.Duration, h *hdrhistogram.Histogram) error {
	line, err := l.encoder.line(tag, start, end, h)
	if err != nil {
		return err
	}
	return l.put(line)
}

// line is an interval's line of the log.
func (e *encoder) line(tag string, start, end time.Duration, h *hdrhistogram.Histogram) (string, error) {
	if err := checkInterval(tag, start, end); err != nil {
		return "", err
	}
	encoded, err := e.encode(h)
	if err != nil {
		return "", fmt.Errorf("encode %s histogram: %w", tag, err)
	}
	milliseconds := float64(h.Max()) / float64(time.Millisecond)
	return fmt.Sprintf("Tag=%s,%.9f,%.9f,%.6f,%s\n", tag, start.Seconds(), (end - start).Seconds(), milliseconds, encoded), nil
}

func checkInterval(tag string, start, end time.Duration) error {
	if tag == "" || strings.ContainsAny(tag, ", \t\r\n") {
		return fmt.Errorf("tag %q: want a word without commas and white space", tag)
	}
	if start < 0 || end < start {
		return fmt.Errorf("interval from %v to %v: want 0 ≤ start ≤ end", start, end)
	}
	return nil
}

// Name is the log's path relative to the run's folder, with slashes: what
// belongs into Cell.Log.
func (l *LogWriter) Name() string { return l.name }

// Close brings the log to disk and closes it. A second Close is an error.
func (l *LogWriter) Close() error {
	if err := l.file.Sync(); err != nil {
		l.file.Close()
		return fmt.Errorf("sync interval log %s: %w", l.name, err)
	}
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("close interval log %s: %w", l.name, err)
	}
	return nil
}

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
