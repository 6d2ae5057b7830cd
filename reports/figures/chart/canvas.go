package chart

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"strconv"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// SVG draws an <svg> element to be put into an HTML page, with a title for screen
// readers; without one it is hidden from them. Colours of the palette, which has to be
// Light, become custom properties (see Palette.CSS), so that one drawing serves light
// and dark; there is no style attribute, so that a page may forbid them.
func SVG(width, height vg.Length, title string, paint func(draw.Canvas)) ([]byte, error) {
	canvas := vgsvg.NewWith(vgsvg.UseWH(width, height))
	paint(draw.New(canvas))
	var raw bytes.Buffer
	if _, err := canvas.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("write SVG: %w", err)
	}
	return embeddable(&raw, title)
}

// embeddable rewrites a stand-alone SVG document as an element of a page.
func embeddable(r io.Reader, title string) ([]byte, error) {
	w := rewriter{title: title}
	in := xml.NewDecoder(r)
	for {
		token, err := in.RawToken()
		if errors.Is(err, io.EOF) {
			return w.out.Bytes(), nil
		}
		if err != nil {
			return nil, fmt.Errorf("rewrite SVG: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			w.open(t)
		case xml.EndElement:
			w.close(t.Name.Local)
		case xml.CharData:
			w.text(string(t))
		}
	}
}

// rewriter writes the elements of an SVG document anew.
type rewriter struct {
	out   bytes.Buffer
	title string
	label text.Style // of the text element that is open; no handler: none is
	start int        // where that element begins
}

// text writes the content of a text element. It fixes its length, so that
// labels keep their places in whatever font the reader has.
func (w *rewriter) text(content string) {
	content = strings.TrimSpace(content)
	if content == "" || w.label.Handler == nil {
		return
	}
	attribute(&w.out, "textLength", fmt.Sprintf("%.4g", w.label.Width(content).Points()))
	attribute(&w.out, "lengthAdjust", "spacingAndGlyphs")
	w.out.WriteByte('>')
	escape(&w.out, content)
	w.label = text.Style{}
}

// close ends an element. A text element without content, the label of a tick
// that has none, is taken back.
func (w *rewriter) close(name string) {
	if w.label.Handler != nil {
		w.out.Truncate(w.start)
		w.label = text.Style{}
		return
	}
	fmt.Fprintf(&w.out, "</%s>", name)
}

func (w *rewriter) open(e xml.StartElement) {
	out := &w.out
	if e.Name.Local == "text" {
		w.label, w.start = Face(0, nil), out.Len()
	}
	fmt.Fprintf(out, "<%s", e.Name.Local)
	switch e.Name.Local {
	case "svg":
		if w.title == "" {
			attribute(out, "aria-hidden", "true")
			break
		}
		attribute(out, "role", "img")
		attribute(out, "aria-label", w.title)
	case "image": // fill the rectangle, and do not blur the cells
		attribute(out, "preserveAspectRatio", "none")
		attribute(out, "image-rendering", "pixelated")
	}
	for _, a := range e.Attr {
		switch a.Name.Local {
		case "style":
			w.styles(a.Value)
		case "href":
			attribute(out, "href", strings.Replace(a.Value, "data:image/jpg", "data:image/png", 1))
		case "xmlns", "xlink":
		case "width", "height":
			if e.Name.Local != "svg" { // the page decides, the viewBox keeps the ratio
				attribute(out, a.Name.Local, a.Value)
			}
		default:
			attribute(out, a.Name.Local, a.Value)
		}
	}
	if e.Name.Local == "text" {
		return // closed with its content
	}
	out.WriteByte('>')
}

// styles turns "fill:#1A1F26;stroke:none" into attributes.
func (w *rewriter) styles(style string) {
	for declaration := range strings.SplitSeq(style, ";") {
		name, value, ok := strings.Cut(declaration, ":")
		if !ok || name == "font-family" || name == "font-variant" || value == "normal" {
			continue // the page sets the family
		}
		switch name {
		case "font-size":
			size, _ := strconv.ParseFloat(strings.TrimSuffix(value, "px"), 64) // the canvas' own output
			w.label.Font.Size = vg.Length(size)
		case "font-weight":
			w.label.Font.Weight = bold
		}
		attribute(&w.out, name, variable(value))
	}
}

func attribute(out *bytes.Buffer, name, value string) {
	fmt.Fprintf(out, ` %s="`, name)
	escape(out, value)
	out.WriteByte('"')
}

func escape(out *bytes.Buffer, text string) {
	// A bytes.Buffer does not fail.
	_ = xml.EscapeText(out, []byte(text))
}

// variable returns the custom property of a palette's colour, or the value
// itself. The canvas rounds the channels of a translucent colour down, by one
// at most.
func variable(value string) string {
	var rgb uint32
	if n, err := fmt.Sscanf(value, "#%06X", &rgb); n != 1 || err != nil {
		return value
	}
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 1 }
	for _, r := range Light().roles() {
		if c := hex(rgb); near(c.R, r.color.R) && near(c.G, r.color.G) && near(c.B, r.color.B) {
			return "var(--figure-" + r.name + ")"
		}
	}
	return value
}

// dotsPerInch doubles the resolution of a common screen.
const dotsPerInch = 144

// PNG draws an image on a background.
func PNG(w io.Writer, width, height vg.Length, paper color.Color, paint func(draw.Canvas)) error {
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dotsPerInch), vgimg.UseBackgroundColor(paper))
	paint(draw.New(canvas))
	buffered := bufio.NewWriter(w)
	if err := png.Encode(buffered, canvas.Image()); err != nil {
		return fmt.Errorf("encode PNG: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write PNG: %w", err)
	}
	return nil
}
