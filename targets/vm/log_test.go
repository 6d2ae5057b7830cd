package vm

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConsoleLog(t *testing.T) {
	m := &machine{dir: t.TempDir()}
	for range 2 { // another start begins another log
		log, err := m.openLog()
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if n, err := log.Write(bytes.Repeat([]byte("0123456789abcdef"), int(mostLog)/32)); n != int(mostLog)/2 || err != nil {
				t.Errorf("Write = %d, %v", n, err)
			}
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		kept, err := os.ReadFile(m.log())
		if rest, whole := strings.CutSuffix(string(kept), logEnd); err != nil || !whole || len(rest) != int(mostLog) {
			t.Errorf("%d bytes are kept, %v, want %d and a line that says so", len(kept), err, mostLog)
		}
	}
	m.dir = filepath.Join(m.dir, "gone")
	if _, err := m.openLog(); err == nil || !strings.Contains(err.Error(), m.log()) {
		t.Errorf("error %v does not name the file", err)
	}
}

// full is a disk without room.
type full struct{ asked int }

var errFull = errors.New("no room")

func (f *full) Write([]byte) (int, error) { f.asked++; return 0, errFull }
func (f *full) Close() error              { return nil }

func TestConsoleLogOnAFullDisk(t *testing.T) {
	disk := &full{}
	log := &consoleLog{to: disk, room: int(mostLog)}
	if _, err := io.WriteString(log, "kernel"); !errors.Is(err, errFull) {
		t.Errorf("error %v", err)
	}
	if _, err := io.WriteString(log, "server"); err != nil || disk.asked != 1 {
		t.Errorf("error %v, and the disk was asked %d times", err, disk.asked)
	}
}
