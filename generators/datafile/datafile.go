// Package datafile reads the user's own data, a file of records that requests are made
// from: CSV with a header, or JSON Lines. It stands beside the generators at the start of
// the flow. A file is read through once when it is opened, which checks every record;
// then records are read from it as they are needed, by their number, so that the memory
// does not grow with the file.
package datafile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"servebench/generators"
)

// File is a data file that was opened, and read through once. Its methods are safe for
// concurrent use.
type File struct {
	path    string
	file    *os.File
	format  format
	columns []Column
	rows    rows
	hash    string
	size    int64
	changed time.Time // last
}

// Column is what is known of one column of a file.
type Column struct {
	Name string
	// Numeric says that every value that is there is a number, and that there is one.
	Numeric bool
	// Whole says that all of them are whole numbers from 0 on.
	Whole bool
	// Text is the first value that is not a number, or its beginning.
	Text string
	// Missing is the number of records without a value.
	Missing int
	// Distinct are the different values, sorted, if the column was to be looked at for
	// them; nil where there are more than maxDistinct, or a list or an object is among them.
	Distinct []string

	seen map[string]bool
	over bool
}

// longestText bounds the Text of a column, in bytes.
const longestText = 40

// maxDistinct bounds the classes of a label: a column of more different values holds none.
const maxDistinct = 1000

// format is a way of writing records.
type format interface {
	// scan reads a file from its beginning to its end. It calls header with the names of
	// the columns that it found so far, whenever there are more, and record with where in
	// the file each record begins, and its values: one for each of these columns, and only
	// valid until it returns. The error joins what is wrong with lines.
	scan(r io.Reader, header func(names []string), record func(offset int64, values []generators.Value)) error
	// cursor returns what reads records one after another from a part of a file that
	// begins with one.
	cursor(columns []Column) cursor
}

// cursor reads records one after another.
type cursor interface {
	reset(part []byte)
	// at is where in the part the next record begins, or white space before it.
	at() int
	skip() error
	// next appends the values of the next record, one for each column. They stay valid.
	next(into []generators.Value) ([]generators.Value, error)
}

// formats are the formats by the ends of files' names.
var formats = map[string]format{".csv": commaSeparated{}, ".jsonl": jsonLines{}, ".ndjson": jsonLines{}}

// conversions say how files that are not read become ones that are.
var conversions = map[string]string{
	".json":    `a line for each record: jq -c '.[]' data.json > data.jsonl`,
	".parquet": `JSON Lines, by pandas: python3 -c 'import pandas; pandas.read_parquet("data.parquet").to_json("data.jsonl", orient="records", lines=True)'`,
	".tsv":     "commas: tr '\\t' ',' < data.tsv > data.csv",
}

// Open opens a file and reads it through. distinct are the columns whose different values
// are wanted. The error names the lines at fault.
func Open(path string, distinct ...string) (*File, error) {
	info, err := os.Stat(path) // before it is opened, which a pipe never is while nobody writes
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is %s; want a file, which can be read more than once", filepath.Base(path), irregular(info.Mode()))
	}
	end := strings.ToLower(filepath.Ext(path))
	format, ok := formats[end]
	if !ok {
		want := ".csv, .jsonl or .ndjson"
		if how := conversions[end]; how != "" {
			want += ", or convert it to " + how
		}
		return nil, fmt.Errorf("%s is not in a format that is read; want %s", filepath.Base(path), want)
	}
	opened, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, file: opened, format: format}
	if err := f.readThrough(distinct); err != nil {
		opened.Close()
		return nil, err
	}
	return f, nil
}

// irregular names what is no file.
func irregular(m os.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&os.ModeNamedPipe != 0:
		return "a pipe"
	case m&os.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// readThrough makes the index, the hash, and what is known of the columns.
func (f *File) readThrough(distinct []string) error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	f.size, f.changed = info.Size(), info.ModTime()
	sum := sha256.New()
	body := bufio.NewReaderSize(io.TeeReader(f.file, sum), readSize)
	start := 0
	if mark, _ := body.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		start, _ = body.Discard(len(byteOrderMark))
	}
	switch mark, _ := body.Peek(2); {
	case f.size == 0:
		return fmt.Errorf("%s is empty", f.Name())
	case string(mark) == "\xff\xfe", string(mark) == "\xfe\xff":
		return fmt.Errorf("%s is in UTF-16; convert it, as by iconv -f utf-16 -t utf-8", f.Name())
	}
	header := func(names []string) {
		for _, name := range names[len(f.columns):] {
			c := Column{Name: name, Numeric: true, Whole: true, Missing: f.rows.count}
			if slices.Contains(distinct, name) {
				c.seen = map[string]bool{}
			}
			f.columns = append(f.columns, c)
		}
	}
	err = f.format.scan(body, header, func(offset int64, values []generators.Value) {
		f.rows.add(offset + int64(start))
		for i := range f.columns {
			f.columns[i].learn(values[i])
		}
	})
	switch {
	case err != nil:
		return f.located(err)
	case f.rows.count == 0:
		return fmt.Errorf("%s holds no records", f.Name())
	}
	for i := range f.columns {
		f.columns[i].conclude(f.rows.count)
	}
	f.hash = hex.EncodeToString(sum.Sum(nil))
	return f.CheckUnchanged()
}

const (
	byteOrderMark = "\xef\xbb\xbf"
	readSize      = 256 << 10
	// longestRecord bounds what is held of a file at once.
	longestRecord = 64 << 20
)

// lineError is what is wrong with a line of a file.
type lineError struct {
	line    int // from 1
	problem string
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.problem) }

// located puts the file's name before what is wrong with its lines.
func (f *File) located(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s, %w", f.Name(), err)
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, fmt.Errorf("%s, %w", f.Name(), e))
	}
	return errors.Join(all...)
}

// maxFaults is how many lines at fault are named.
const maxFaults = 5

// faults collects those of lines.
type faults []error

// add reports whether there is room for more.
func (fs *faults) add(line int, problem string) bool {
	*fs = append(*fs, &lineError{line, problem})
	return len(*fs) < maxFaults
}

func (c *Column) learn(v generators.Value) {
	text := v.Text
	if text == "" || v.JSON && text == "null" {
		c.Missing++
		return
	}
	if c.Numeric {
		if c.Numeric, c.Whole = numeric(text, c.Whole); !c.Numeric {
			plain := v.Plain()
			c.Text = strings.ToValidUTF8(strings.Clone(plain[:min(len(plain), longestText)]), "")
		}
	}
	if c.seen != nil && !c.over {
		c.seen[v.Plain()] = true
		// Lists and objects are values, and name no classes.
		c.over = len(c.seen) > maxDistinct || v.JSON && (text[0] == '[' || text[0] == '{')
	}
}

func (c *Column) conclude(records int) {
	if c.Missing == records {
		c.Numeric = false
	}
	c.Whole = c.Whole && c.Numeric
	if !c.over && c.seen != nil {
		for value := range c.seen {
			c.Distinct = append(c.Distinct, value)
		}
		slices.Sort(c.Distinct)
	}
	c.seen = nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Name is the file's name, without its folder.
func (f *File) Name() string { return filepath.Base(f.path) }

// Path is the one that the file was opened by.
func (f *File) Path() string { return f.path }

// Size is the length of the file in bytes.
func (f *File) Size() int64 { return f.size }

// SizeOf is how many bytes of the file its first records take, at least 1 of them; more
// than they do where not every record of a long file is marked.
func (f *File) SizeOf(records int) int64 {
	_, to, _ := f.rows.part(records-1, f.size)
	return to
}

// Len is the number of records.
func (f *File) Len() int { return f.rows.count }

// Hash is the SHA-256 of the file's bytes, in hexadecimal.
func (f *File) Hash() string { return f.hash }

// Columns are those of the header or, of JSON Lines, every name that a record has, in the
// order in which they come first.
func (f *File) Columns() []Column { return f.columns }

// CheckUnchanged says whether the file is another than when it was opened. One that was
// replaced by another of the same name is not: what was opened is still there.
func (f *File) CheckUnchanged() error {
	info, err := f.file.Stat()
	switch {
	case err != nil:
		return err
	case info.Size() != f.size:
		return fmt.Errorf("%s was changed while it was read: it was %d bytes long and is %d", f.Name(), f.size, info.Size())
	case !info.ModTime().Equal(f.changed):
		return fmt.Errorf("%s was changed while it was read, at %s", f.Name(), info.ModTime().Format(time.TimeOnly))
	}
	return nil
}

// Line returns the line of the file that a record begins on, from 1; 0 where it cannot
// be read any more. It reads the file up to there.
func (f *File) Line(record int) int {
	r := f.NewReader()
	if r.seek(record) != nil {
		return 0
	}
	part := io.NewSectionReader(f.file, 0, r.from+int64(r.cursor.at()))
	line, buffer := 1, make([]byte, readSize)
	for {
		n, err := part.Read(buffer)
		line += bytes.Count(buffer[:n], []byte{'\n'})
		if err != nil {
			return line
		}
	}
}
