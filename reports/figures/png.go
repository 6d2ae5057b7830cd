package figures

import (
	"bufio"
	"fmt"
	"image/png"
	"io"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// dotsPerInch doubles the resolution of a common screen.
const dotsPerInch = 144

// PNG draws the figure with title and caption, to be read on its own.
func (f Figure) PNG(w io.Writer, p Palette) error {
	text := f.captionLines(p)
	height := f.Height + f.headHeight(p) + captionHeight(p, text)
	canvas := vgimg.NewWith(vgimg.UseWH(f.Width, height), vgimg.UseDPI(dotsPerInch),
		vgimg.UseBackgroundColor(p.Paper))
	f.draw(draw.New(canvas), p, standAlone)
	buffered := bufio.NewWriter(w)
	if err := png.Encode(buffered, canvas.Image()); err != nil {
		return fmt.Errorf("encode figure %s: %w", f.Name, err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write figure %s: %w", f.Name, err)
	}
	return nil
}
