package chart

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// Face returns a text style: left-aligned, hanging from its point.
func Face(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color:  c,
		Font:   font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign: text.XLeft, YAlign: text.YTop,
		Handler: plot.DefaultTextHandler,
	}
}

// BoldFace is Face in bold.
func BoldFace(size vg.Length, c color.Color) text.Style {
	sty := Face(size, c)
	sty.Font.Weight = bold
	return sty
}

// bold is golang.org/x/image/font.WeightBold.
const bold = 3

// Small is the size of all text inside a figure.
const Small vg.Length = 8.5

// LineHeight is the distance of two lines of a text.
func LineHeight(sty text.Style) vg.Length { return sty.Font.Size * 1.35 }
