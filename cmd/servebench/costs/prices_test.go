package costs

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"servebench/reports/prices"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestListOfPrices(t *testing.T) {
	var text strings.Builder
	if err := writePrices(&text, prices.Builtin(), time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "prices.golden")
	if *update {
		writeFile(t, golden, text.String())
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Error(diff)
	}
	list, _, _ := strings.Cut(text.String(), "Sources:")
	for line := range strings.Lines(list) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > priceWidth {
			t.Errorf("%d columns, want at most %d: %s", n, priceWidth, line)
		}
	}
}
