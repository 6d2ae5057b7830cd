package arrivals

func poissonKind() Kind {
	return Kind{
		Name:   "poisson",
		Doc:    "Independent users: exponential gaps between arrivals, their total fixed to rate × duration.",
		Params: needs(ParamRate, ParamDuration),
		New:    newPoisson,
	}
}

// newPoisson makes a Poisson process conditioned on its number of arrivals.
func newPoisson(c Config) (Process, error) {
	if err := c.check(); err != nil {
		return nil, as("poisson", err)
	}
	return onePiece(c, drawn(1)), nil
}
