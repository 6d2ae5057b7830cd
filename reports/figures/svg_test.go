package figures_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"servebench/reports/figures"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// box is a label of a figure as it lies on the page.
type box struct {
	text                     string
	left, right, low, height float64
}

// parseSVG returns the labels that are not turned and the size of the figure.
// It fails the test on anything that a page with a strict policy would refuse.
func parseSVG(t *testing.T, svg []byte) (labels []box, width, height float64) {
	t.Helper()
	in := xml.NewDecoder(bytes.NewReader(svg))
	groups := 0
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return labels, width, height
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			attrs := attributes(t, e)
			switch e.Name.Local {
			case "svg":
				if _, err := fmt.Sscanf(attrs["viewBox"], "0 0 %g %g", &width, &height); err != nil {
					t.Fatal(err)
				}
			case "g":
				groups++
			case "text":
				if groups == 1 { // more: it is turned
					labels = append(labels, labelBox(t, attrs))
				}
			case "path", "image":
			default:
				t.Fatalf("unexpected element %s", e.Name.Local)
			}
		case xml.EndElement:
			if e.Name.Local == "g" {
				groups--
			}
		case xml.CharData:
			if len(labels) > 0 && labels[len(labels)-1].text == "" && groups == 1 {
				labels[len(labels)-1].text = string(e)
			}
		}
	}
}

func attributes(t *testing.T, e xml.StartElement) map[string]string {
	t.Helper()
	attrs := map[string]string{}
	for _, a := range e.Attr {
		if _, twice := attrs[a.Name.Local]; twice {
			t.Fatalf("%s has two attributes %s", e.Name.Local, a.Name.Local)
		}
		attrs[a.Name.Local] = a.Value
		if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
			t.Fatalf("forbidden attribute %s=%q", a.Name.Local, a.Value)
		}
		if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "data:image/png;base64,") {
			t.Fatalf("reference out of the figure: %.60q", a.Value)
		}
	}
	return attrs
}

func labelBox(t *testing.T, attrs map[string]string) box {
	t.Helper()
	number := func(name string) float64 {
		v, err := strconv.ParseFloat(strings.TrimSuffix(attrs[name], "px"), 64)
		if err != nil {
			t.Fatalf("text with %s=%q", name, attrs[name])
		}
		return v
	}
	x := number("x")
	return box{left: x, right: x + number("textLength"), low: -number("y"), height: 0.72 * number("font-size")}
}

// checkSVG holds that a figure is fit for the page and its labels readable: all
// inside the figure, none on another.
func checkSVG(t *testing.T, svg []byte) {
	t.Helper()
	labels, width, height := parseSVG(t, svg)
	for i, a := range labels {
		if a.left < -0.5 || a.right > width+0.5 || a.low < -0.5 || a.low+a.height > height+0.5 {
			t.Errorf("label %q lies outside: %+v in %g × %g", a.text, a, width, height)
		}
		for _, b := range labels[i+1:] {
			if a.left < b.right-0.3 && b.left < a.right-0.3 && a.low < b.low+b.height-0.3 && b.low < a.low+a.height-0.3 {
				t.Errorf("labels %q and %q overlap", a.text, b.text)
			}
		}
	}
}

func TestLabelsGolden(t *testing.T) {
	var got strings.Builder
	for _, f := range figures.All(compare(t, 3, 2)) {
		svg, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		labels, width, height := parseSVG(t, svg)
		fmt.Fprintf(&got, "# %s, %g × %g: %s\n%s\n%s\n%s\n", f.Name, width, height, f.Title, f.Caption, f.Conditions, f.Method)
		for _, l := range labels {
			fmt.Fprintln(&got, "  "+l.text)
		}
	}
	const golden = "testdata/labels.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("labels changed; if they should, run the test with -update (-want +got):\n%s", diff)
	}
}

func TestColoursOfThePaletteAreVariables(t *testing.T) {
	for _, f := range figures.All(compare(t, 2, 2)) {
		svg, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		for _, dark := range []string{"#1A1F26", "#191E25", "#59636E", "#58626D", "#DFE4E8", "#B3261E", "#B2251D"} {
			if bytes.Contains(svg, []byte(dark)) {
				t.Errorf("%s: colour %s would not follow the page into the dark", f.Name, dark)
			}
		}
		if !bytes.Contains(svg, []byte("var(--figure-ink)")) {
			t.Errorf("%s does not use the palette", f.Name)
		}
	}
}
