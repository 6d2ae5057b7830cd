package onnx

// identity is its input.
func identity(a *arguments) operand {
	a.inputs(1)
	return a.input(0)
}

// cast is its input, which is of float32 already.
func cast(a *arguments) operand {
	a.inputs(1)
	if to := a.int("to", 0); to != typeFloat {
		a.refuse("it casts to %s, want FLOAT", typeName(to))
	}
	a.int("saturate", 1) // matters to 8-bit types alone
	return a.rows(0)
}

// dropout is its input, outside training.
func dropout(a *arguments) operand {
	a.inputs(3)
	a.float("ratio", 0.5)
	a.int("seed", 0)
	if len(a.node.inputs) > 2 && a.node.inputs[2] != "" {
		a.refuse("it has an input training_mode, want none")
	}
	return a.rows(0)
}

// constantOf is a constant of a node's attribute.
func constantOf(a *arguments) operand {
	a.inputs(0)
	value, number := a.attribute("value", attributeTensor), a.attribute("value_float", attributeFloat)
	t := &tensor{}
	switch {
	case value != nil && value.tensor != nil:
		t = value.tensor
	case number != nil:
		t = &tensor{element: typeFloat, floats: []float32{number.float}}
	default:
		a.refuse("it has no attribute \"value\" or \"value_float\"")
	}
	return operand{constant: t}
}

// flatten is its input: rows are flat already.
func flatten(a *arguments) operand {
	a.inputs(1)
	in := a.rows(0)
	if axis := a.int("axis", 1); axis != 1 && (axis != -1 || in.flat) {
		a.refuse("attribute \"axis\" is %d, want 1, one row for each", axis)
	}
	in.flat = false
	return in
}

// reshape is its input where that has rows of that width already, or of one number.
func reshape(a *arguments) operand {
	a.inputs(2)
	in, shape := a.rows(0), a.constant(1, typeInt64)
	allowZero := a.int("allowzero", 0) != 0
	to := shape.ints
	rows := func(d int64) bool { return d == -1 || d == 0 && !allowZero || d == 1 && a.compiler.oneRow }
	switch {
	case len(a.faults) > 0 || len(shape.shape) != 1:
	case len(to) == 2 && rows(to[0]) && (to[1] == int64(in.width) || to[1] == -1 && to[0] != -1 || to[1] == 0 && !allowZero && !in.flat):
		in.flat = false
		return in
	case len(to) == 1 && rows(to[0]) && in.width == 1:
		in.flat = true
		return in
	}
	a.refuse("it reshapes rows of %d numbers to %v, want [-1 %d]", in.width, to, in.width)
	return operand{}
}

// zipMap is its input, a list of maps from class to probability for those who call
// onnxruntime.
func zipMap(a *arguments) operand {
	a.inputs(1)
	in := a.rows(0)
	in.classes, in.zipped = classLabels(a, "classlabels_int64s", "classlabels_strings"), true
	if len(a.faults) == 0 && len(in.classes) != in.width {
		a.refuse("it has %d class labels for %d numbers a row", len(in.classes), in.width)
	}
	return in
}
