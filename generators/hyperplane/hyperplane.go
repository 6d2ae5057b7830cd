// Package hyperplane generates points of a cube and on which side of a plane they lie. It
// stands at the start of the flow, where a protocol turns its examples into requests.
// G. Hulten, L. Spencer and P. Domingos, "Mining time-changing data streams", KDD 2001.
package hyperplane

import (
	"fmt"
	"math"
	"math/rand/v2"

	"servebench/generators"
)

// Names of the parameters.
const (
	Rotation = "rotation"
	Noise    = "noise"
)

// dimensions of the cube.
const dimensions = 10

// Kind returns the generator's entry in the list.
func Kind() generators.Kind {
	return generators.Kind{
		Name: "hyperplane",
		Doc:  "Points of a cube of ten dimensions, and the side of a plane they lie on (Hulten 2001).",
		Params: []generators.Param{
			{Name: Rotation, Doc: "angle that the plane is turned by from x1 towards x2, degrees", Default: 0, Min: -180, Max: 180, LabelsOnly: true},
			{Name: Noise, Doc: "share of labels flipped at random", Default: 0.05, Min: 0, Max: 0.5, LabelsOnly: true},
		},
		Open: open,
	}
}

func open(cfg generators.Config) (generators.Generator, error) {
	values, err := generators.Resolve(Kind().Params, cfg.Params)
	if err != nil {
		return nil, err
	}
	return generator{weights(values[Rotation]), values[Noise]}, nil
}

// weights are those of the coordinates: 1, 1/2, 1/3, …, of which the first two are turned.
func weights(degrees float64) (w [dimensions]float64) {
	for i := range w {
		w[i] = 1 / float64(i+1)
	}
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	w[0], w[1] = w[0]*cos-w[1]*sin, w[0]*sin+w[1]*cos
	return w
}

type generator struct {
	weights [dimensions]float64
	noise   float64
}

// Schema implements generators.Generator.
func (generator) Schema() generators.Schema {
	s := generators.Schema{Classes: []string{"below", "above"}}
	for i := range dimensions {
		s.Features = append(s.Features, generators.Feature{Name: fmt.Sprintf("x%d", i+1), Doc: "a coordinate, 0 to 1"})
	}
	return s
}

// Next implements generators.Generator. The plane goes through the middle of the cube, so that
// half of the points are of each class whatever its rotation.
func (g generator) Next(rng *rand.Rand) generators.Example {
	x := make([]float32, dimensions)
	side := 0.0
	for i := range x {
		x[i] = rng.Float32()
		side += g.weights[i] * (float64(x[i]) - 0.5)
	}
	truth := 0
	if side > 0 {
		truth = 1
	}
	label := truth
	if rng.Float64() < g.noise {
		label = 1 - truth
	}
	return generators.Example{Features: x, Label: generators.Classified(label), Truth: truth}
}
