package figures

import (
	"image/color"
	"math"
)

// cividis returns the colour of a share between 0 (fewest) and 1 (most). The
// map is read alike with and without colour vision deficiency: Nuñez, Anderton,
// Renslow, "Optimizing colormaps with consideration for color vision
// deficiency", PLoS ONE 13(7), 2018. Its darkest fifth is left out, which
// would vanish on a dark background.
func cividis(share float64) color.NRGBA {
	stops := [...]uint32{0x00224E, 0x123570, 0x3B496C, 0x575D6D, 0x707173,
		0x8A8678, 0xA59C74, 0xC3B369, 0xE1CC55, 0xFEE838}
	const darkest = 0.2
	at := (darkest + (1-darkest)*min(max(share, 0), 1)) * float64(len(stops)-1)
	i := min(int(at), len(stops)-2)
	from, to, part := hex(stops[i]), hex(stops[i+1]), at-float64(i)
	mix := func(a, b uint8) uint8 {
		return uint8(math.Round(float64(a) + (float64(b)-float64(a))*part))
	}
	return color.NRGBA{R: mix(from.R, to.R), G: mix(from.G, to.G), B: mix(from.B, to.B), A: 0xFF}
}

// logShare places a count of at least 1 on the colour scale up to most.
func logShare(n, most int64) float64 {
	if most <= 1 {
		return 1
	}
	return math.Log(float64(n)) / math.Log(float64(most))
}
