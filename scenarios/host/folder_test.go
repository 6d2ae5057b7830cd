package host

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSpace(t *testing.T) {
	dir := t.TempDir()
	space, err := Space(dir)
	if err != nil || space <= 0 {
		t.Errorf("Space = %v, %v, in a folder that was just made", space, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%v, %v is left in the folder", left, err)
	}
	if _, err := Space(filepath.Join(dir, "none")); err == nil {
		t.Error("there is space in a folder that is not there")
	}
}
