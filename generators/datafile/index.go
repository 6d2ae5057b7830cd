package datafile

import (
	"fmt"
	"slices"

	"servebench/generators"
)

// rows is where the records of a file are: the offsets of every so many of them, so that
// it takes at most 8 MB however long the file is.
type rows struct {
	count int
	every int // records from one mark to the next, a power of two
	marks []int64
}

// maxMarks is above how many marks every second is dropped.
const maxMarks = 1 << 20

func (r *rows) add(offset int64) {
	if r.every == 0 {
		r.every = 1
	}
	if r.count%r.every == 0 {
		if len(r.marks) == maxMarks {
			for i := range maxMarks / 2 {
				r.marks[i] = r.marks[2*i]
			}
			r.marks = r.marks[:maxMarks/2]
			r.every *= 2
		}
		if r.count%r.every == 0 {
			r.marks = append(r.marks, offset)
		}
	}
	r.count++
}

// part returns where in a file of a size the part is that a record is in, and which
// record it begins with.
func (r *rows) part(record int, size int64) (from, to int64, first int) {
	mark := record / r.every
	to = size
	if mark+1 < len(r.marks) {
		to = r.marks[mark+1]
	}
	return r.marks[mark], to, mark * r.every
}

// Reader reads the records of a file, in any order, best ascending. It is for one
// goroutine; a file may have many.
type Reader struct {
	file   *File
	cursor cursor
	buffer []byte
	from   int64 // where the buffer begins in the file
	next   int   // the record that the cursor is at
	last   int   // the first record behind the buffer
}

// NewReader returns a reader at the first record.
func (f *File) NewReader() *Reader {
	return &Reader{file: f, cursor: f.format.cursor(f.columns)}
}

// Read returns the values of a record, 0 ≤ record < Len, one for each of the file's
// columns; what a record does not have is the zero Value. It appends to into, and what it
// returns stays valid.
func (r *Reader) Read(record int, into []generators.Value) ([]generators.Value, error) {
	if err := r.seek(record); err != nil {
		return nil, err
	}
	r.next++
	values, err := r.cursor.next(into)
	if err != nil {
		r.last = 0
		return nil, r.failed(record, err)
	}
	return values, nil
}

func (r *Reader) failed(record int, err error) error {
	if changed := r.file.CheckUnchanged(); changed != nil {
		return changed
	}
	return fmt.Errorf("%s, line %d: %w", r.file.Name(), r.file.Line(record), err)
}

// seek brings the cursor to a record.
func (r *Reader) seek(record int) error {
	if record < r.next || record >= r.last {
		if err := r.load(record); err != nil {
			return r.failed(record, err)
		}
	}
	for ; r.next < record; r.next++ {
		if err := r.cursor.skip(); err != nil {
			r.last = 0
			return r.failed(record, err)
		}
	}
	return nil
}

// load reads the part of the file that a record is in.
func (r *Reader) load(record int) error {
	from, to, first := r.file.rows.part(record, r.file.size)
	r.buffer = slices.Grow(r.buffer[:0], int(to-from))[:to-from]
	if _, err := r.file.file.ReadAt(r.buffer, from); err != nil {
		return err
	}
	r.from, r.next, r.last = from, first, min(first+r.file.rows.every, r.file.rows.count)
	r.cursor.reset(r.buffer)
	return nil
}
