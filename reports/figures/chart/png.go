package chart

import (
	"bufio"
	"fmt"
	"image/color"
	"image/png"
	"io"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

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
