package chart

import (
	"image/color"
	"math"
	"testing"
)

// contrast is the contrast ratio of WCAG 2.2, between 1 and 21.
func contrast(a, b color.NRGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func TestContrast(t *testing.T) {
	looks := Looks([]string{"physical", "vm", "container", "lambda", "a", "b", "c", "d", "e", "f"})
	for name, p := range map[string]Palette{"light": Light(), "dark": Dark()} {
		for target, l := range looks {
			if got := contrast(l.Color, p.Paper); got < 3 {
				t.Errorf("%s on %s: contrast %.2f, want 3", target, name, got)
			}
		}
		for text, c := range map[string]color.NRGBA{"ink": p.Ink, "muted": p.Muted, "alarm": p.Alarm} {
			if got := contrast(c, p.Paper); got < 4.5 {
				t.Errorf("%s text on %s: contrast %.2f, want 4.5", text, name, got)
			}
		}
	}
}

func TestLooksDiffer(t *testing.T) {
	looks := Looks([]string{"x", "vm", "container", "y", "lambda", "physical", "z"})
	colours := map[color.NRGBA]string{}
	for target, l := range looks {
		if other, taken := colours[l.Color]; taken {
			t.Errorf("%s and %s have the same colour", target, other)
		}
		colours[l.Color] = target
	}
}

func TestCividisGetsLighter(t *testing.T) {
	before := -1.0
	for i := range 101 {
		now := luminance(Cividis(float64(i) / 100))
		if now < before-1e-4 {
			t.Errorf("darker at %d %%", i)
		}
		before = now
	}
}
