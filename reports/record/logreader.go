package record

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"servebench/reports/record/userfile"
)

// maxLine bounds a log line. The longest honest one, every bucket of Highest at
// Digits filled, is under 400 KB.
const maxLine = 4 << 20

// Intervals reads the whole interval log of one of the run's cells; none when
// the cell has no log. Each interval takes about 270 KB; what needs only one at a time
// uses Scan.
func (r *Run) Intervals(c *Cell) ([]Interval, error) {
	return collect(r.Scan(c))
}

// Scan yields the intervals of one of the run's cells one after the other, in
// the order they were written; none when the cell has no log. An error names file
// and line, and ends it: unlike hdrhistogram-go's reader, it never passes over a line
// that it does not understand, since that would drop requests silently.
func (r *Run) Scan(c *Cell) iter.Seq2[Interval, error] {
	if c.Log == "" {
		return func(func(Interval, error) bool) {}
	}
	path := filepath.Join(r.Dir, filepath.FromSlash(c.Log))
	return func(yield func(Interval, error) bool) {
		folder, err := OpenFolder(r.Dir)
		if err != nil {
			yield(Interval{}, err)
			return
		}
		defer folder.Close()
		file, err := folder.open(c.Log, userfile.NoLimit)
		if err != nil {
			yield(Interval{}, err)
			return
		}
		defer file.Close()
		for interval, err := range scan(file) {
			if err != nil {
				err = fmt.Errorf("read interval log %s: %w", path, err)
			}
			if !yield(interval, err) {
				return
			}
		}
	}
}

func scan(r io.Reader) iter.Seq2[Interval, error] {
	return func(yield func(Interval, error) bool) {
		tail := &lastByte{Reader: r}
		lines := bufio.NewScanner(tail)
		lines.Buffer(nil, maxLine)
		number := 0
		for lines.Scan() {
			number++
			line := strings.TrimSuffix(lines.Text(), "\r")
			if line == "" || line[0] == '#' || line[0] == '"' {
				continue
			}
			interval, err := parseInterval(line)
			if err != nil {
				if !lines.Scan() && tail.last != '\n' {
					err = errors.New("the log is cut off there")
				}
				yield(Interval{}, fmt.Errorf("line %d: %w", number, err))
				return
			}
			if !yield(interval, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Interval{}, fmt.Errorf("line %d: %w", number+1, err))
		}
	}
}

// lastByte remembers the last byte that was read: of a whole log it ends a line.
type lastByte struct {
	io.Reader
	last byte
}

func (r *lastByte) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.last = p[n-1]
	}
	return n, err
}

// parseInterval reads "[Tag=tag,]start,length,max,histogram".
func parseInterval(line string) (Interval, error) {
	var tag string
	if rest, tagged := strings.CutPrefix(line, "Tag="); tagged {
		tag, line, _ = strings.Cut(rest, ",")
	}
	fields := strings.Split(line, ",")
	if len(fields) != 4 {
		return Interval{}, fmt.Errorf("%d fields, want start,length,max,histogram: the log is damaged", len(fields))
	}
	start, err := parseSeconds("start", fields[0])
	if err != nil {
		return Interval{}, err
	}
	length, err := parseSeconds("length", fields[1])
	if err != nil {
		return Interval{}, err
	}
	h, err := hdrhistogram.Decode([]byte(fields[3]))
	if err != nil {
		return Interval{}, fmt.Errorf("the histogram is damaged (%w)", err)
	}
	return Interval{Tag: tag, Start: start, End: start + length, Histogram: h}, nil
}

// parseSeconds bounds what it reads far inside time.Duration, so that a start
// and a length can be added.
func parseSeconds(field, text string) (time.Duration, error) {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%s %q: want seconds", field, text)
	}
	const century = 100 * 365 * 24 * 3600
	if !(seconds >= 0 && seconds <= century) {
		return 0, fmt.Errorf("%s %q: want seconds from 0 to a century", field, text)
	}
	return time.Duration(math.Round(seconds * float64(time.Second))), nil
}

func collect(intervals iter.Seq2[Interval, error]) ([]Interval, error) {
	var all []Interval
	var errs error
	for interval, err := range intervals {
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		all = append(all, interval)
	}
	return all, errs
}
