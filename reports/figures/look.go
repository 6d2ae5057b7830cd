package figures

import (
	"image/color"

	"servebench/reports/record"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// look tells a target apart by colour, dash and marker, so that no reader
// depends on colour alone.
type look struct {
	color color.NRGBA
	dash  []vg.Length
	shape shape
}

// known gives the targets that servebench names their look, after Okabe and
// Ito, "Color Universal Design", 2008.
func known(target string) (look, bool) {
	switch target {
	case "physical":
		return look{hex(0x0072B2), nil, circle}, true
	case "vm":
		return look{hex(0xD55E00), []vg.Length{7, 2}, square}, true
	case "container":
		return look{hex(0x009E73), []vg.Length{4, 2}, triangle}, true
	case "lambda":
		return look{hex(0xCC79A7), []vg.Length{2, 2}, diamond}, true
	}
	return look{}, false
}

// spare are the looks of all other targets, by their order in the run.
func spare(i int) look {
	all := []look{
		{hex(0x8B6FC0), []vg.Length{7, 2, 2, 2}, inverted},
		{hex(0xA6761D), []vg.Length{9, 3}, pentagon},
		{hex(0x3B8EA5), []vg.Length{4, 2, 1, 2}, star},
		{hex(0xC2476B), []vg.Length{1, 2}, circle},
		{hex(0x6B8E23), []vg.Length{5, 1}, square},
		{hex(0x7F7F7F), []vg.Length{3, 3}, triangle},
	}
	return all[i%len(all)]
}

// looksOf gives every target of a run its look. It depends on nothing but the
// names and their order, so that all figures of a run agree.
func looksOf(run *record.Run) map[string]look {
	looks := map[string]look{}
	spares := 0
	for _, t := range run.Targets {
		l, ok := known(t.Name)
		if !ok {
			l = spare(spares)
			spares++
		}
		looks[t.Name] = l
	}
	return looks
}

// Markers returns each target's marker in its colour as a small <svg> element,
// to stand before its name in a table.
func Markers(run *record.Run) (map[string][]byte, error) {
	marks := map[string][]byte{}
	for name, l := range looksOf(run) {
		f := Figure{Name: "marker", Width: 10, Height: 10, paint: func(c draw.Canvas, _ Palette) {
			c.DrawGlyphNoClip(glyph(marker{shape: l.shape}, l.color, 3.6), c.Center())
		}}
		svg, err := f.SVG()
		if err != nil {
			return nil, err
		}
		marks[name] = svg
	}
	return marks, nil
}
