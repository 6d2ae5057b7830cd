package record

import "reflect"

// redact takes the secrets out of every text of the run, so that neither its file nor a
// report that is made from it has them. A field is left out by the tag redact:"-": a name
// by which the run refers to a part of itself, and the resolved scenario, which is
// written without secrets and would no longer be YAML.
func (r *Run) redact() {
	if r.Redact != nil {
		redactValue(reflect.ValueOf(r).Elem(), r.Redact)
	}
}

func redactValue(v reflect.Value, redact func(string) string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(redact(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			redactValue(v.Elem(), redact)
		}
	case reflect.Slice:
		if holdsText(v.Type().Elem()) {
			for i := range v.Len() {
				redactValue(v.Index(i), redact)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Tag.Get("redact") != "-" && holdsText(f.Type) {
				redactValue(v.Field(i), redact)
			}
		}
	}
}

// holdsText reports whether there is text in values of a type: a long run has millions of
// numbers. Maps are not among the fields that have text of others.
func holdsText(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String:
		return true
	case reflect.Pointer, reflect.Slice:
		return holdsText(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && f.Tag.Get("redact") != "-" && holdsText(f.Type) {
				return true
			}
		}
	}
	return false
}
