package text_test

import (
	"bytes"
	"strings"
	"testing"

	"servebench/reports/document"
	"servebench/reports/formattest"
	"servebench/reports/text"
)

func TestCosts(t *testing.T) {
	var got bytes.Buffer
	if err := text.Write(&got, document.Costs(formattest.Costs(t)), text.Style{}); err != nil {
		t.Fatal(err)
	}
	formattest.Golden(t, *update, "cost.txt", got.Bytes())
	for line := range strings.Lines(got.String()) {
		if strings.Contains(line, "…") {
			t.Errorf("cut off: %s", line)
		}
		if strings.Contains(line, "PLACE ") && line != strings.ToUpper(line) {
			t.Errorf("a head in letters of both cases: %s", line)
		}
	}
}

func TestAdvice(t *testing.T) {
	var got bytes.Buffer
	if err := text.Write(&got, document.Advice(formattest.Advice(t)), text.Style{}); err != nil {
		t.Fatal(err)
	}
	formattest.Golden(t, *update, "advice.txt", got.Bytes())
}
