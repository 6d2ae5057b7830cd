package figures

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// SVG draws the figure as an <svg> element to be put into an HTML page. It has
// no title and no caption, which the page gives. Colours of the palette are
// custom properties (see Palette.CSS), so that one drawing serves light and
// dark; there is no style attribute, so that a page may forbid them.
func (f Figure) SVG() ([]byte, error) {
	canvas := vgsvg.NewWith(vgsvg.UseWH(f.Width, f.Height))
	f.draw(draw.New(canvas), Light(), inPage)
	var raw bytes.Buffer
	if _, err := canvas.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("draw figure %s: %w", f.Name, err)
	}
	clean, err := embeddable(&raw, f.Title)
	if err != nil {
		return nil, fmt.Errorf("draw figure %s: %w", f.Name, err)
	}
	return clean, nil
}

// embeddable rewrites a stand-alone SVG document as an element of a page.
func embeddable(r io.Reader, title string) ([]byte, error) {
	var out bytes.Buffer
	variables := variableNames()
	in := xml.NewDecoder(r)
	for {
		token, err := in.RawToken()
		if errors.Is(err, io.EOF) {
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, fmt.Errorf("rewrite SVG: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			openElement(&out, t, title, variables)
		case xml.EndElement:
			fmt.Fprintf(&out, "</%s>", t.Name.Local)
		case xml.CharData:
			if text := strings.TrimSpace(string(t)); text != "" {
				escape(&out, text)
			}
		}
	}
}

func openElement(out *bytes.Buffer, e xml.StartElement, title string, variables map[string]string) {
	fmt.Fprintf(out, "<%s", e.Name.Local)
	switch e.Name.Local {
	case "svg":
		if title == "" {
			attribute(out, "aria-hidden", "true")
			break
		}
		attribute(out, "role", "img")
		attribute(out, "aria-label", title)
	case "image": // fill the rectangle, and do not blur the cells
		attribute(out, "preserveAspectRatio", "none")
		attribute(out, "image-rendering", "pixelated")
	}
	for _, a := range e.Attr {
		switch a.Name.Local {
		case "style":
			styles(out, a.Value, variables)
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
	out.WriteByte('>')
}

// styles turns "fill:#1A1F26;stroke:none" into attributes.
func styles(out *bytes.Buffer, style string, variables map[string]string) {
	for declaration := range strings.SplitSeq(style, ";") {
		name, value, ok := strings.Cut(declaration, ":")
		if !ok || name == "font-family" || name == "font-variant" || value == "normal" {
			continue // the page sets the family
		}
		if v, ok := variables[value]; ok {
			value = v
		}
		attribute(out, name, value)
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

func variableNames() map[string]string {
	names := map[string]string{}
	for _, r := range Light().roles() {
		names[hexString(r.color)] = "var(--figure-" + r.name + ")"
	}
	return names
}
