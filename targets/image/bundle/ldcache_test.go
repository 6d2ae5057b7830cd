package bundle

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestCacheIsReadAndWritten(t *testing.T) {
	want := []cached{{"liba.so.1", "/opt/a/liba.so.1", 0x303}, {"libb.so", "/opt/b/libb.so", 0x303}}
	got, err := parseCache(formatCache(want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	got, err = parseCache(append([]byte("ld.so-1.7.0\x00 an older table"), formatCache(want)...))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("behind an older table: %v, %v, want %v", got, err, want)
	}
}

// TestCacheIsLdconfigs reads this machine's cache as ldconfig prints it, and has ldconfig
// print one that was written here.
func TestCacheIsLdconfigs(t *testing.T) {
	all, err := readCache(cacheFile)
	if err != nil {
		t.Skipf("this machine has no cache to read: %v", err)
	}
	ldconfig, err := exec.LookPath("ldconfig")
	if err != nil {
		t.Skip("no ldconfig to compare with")
	}
	print := func(file string) string {
		out, err := exec.Command(ldconfig, "-C", file, "-p").CombinedOutput()
		if err != nil {
			t.Fatalf("ldconfig: %v\n%s", err, out)
		}
		return string(out)
	}
	copied := filepath.Join(t.TempDir(), "cache")
	if err := os.WriteFile(copied, formatCache(all), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{cacheFile, copied} {
		said := print(file)
		for _, c := range all {
			if !strings.Contains(said, "\t"+c.name+" (") || !strings.Contains(said, "=> "+c.path+"\n") {
				t.Errorf("%s: ldconfig does not print %s => %s", file, c.name, c.path)
			}
		}
		if lines := strings.Count(said, " => "); file == copied && lines != len(all) {
			t.Errorf("ldconfig prints %d libraries of %d", lines, len(all))
		}
	}
}

func FuzzCache(f *testing.F) {
	whole := formatCache([]cached{{"liba.so.1", "/opt/a/liba.so.1", 0x303}})
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(bytes.Replace(whole, []byte{1, 0, 0, 0}, []byte{255, 255, 255, 255}, 1))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseCache(text)
		if err != nil {
			return
		}
		again, err := parseCache(formatCache(all))
		if err != nil || fmt.Sprint(again) != fmt.Sprint(all) {
			t.Errorf("%v, written and read: %v, %v", all, again, err)
		}
	})
}
