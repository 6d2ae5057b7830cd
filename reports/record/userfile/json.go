package userfile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// JSON decodes the text of a file into a value, as json.Unmarshal does. Its error says
// where the text goes wrong, and what would be right, in the words of a user.
func JSON(text []byte, value any) error {
	err := json.Unmarshal(text, value)
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	var stamp *time.ParseError
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(text)) && !strings.Contains(syntax.Error(), "after top-level value"):
		return fmt.Errorf("cut off after %d bytes", len(text))
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d: %q does not belong there", syntax.Offset, text[max(syntax.Offset, 1)-1])
	case errors.As(err, &wrong):
		return fmt.Errorf("byte %d: %s is %s, want %s", wrong.Offset, cmp.Or(strings.Trim(wrong.Field, "."), "the whole"), article(wrong.Value), kindOf(wrong.Type))
	case errors.As(err, &stamp):
		return fmt.Errorf("%s is no time, want one such as %s", strings.Trim(stamp.Value, `"`), time.RFC3339)
	}
	return err
}

// article puts one before what encoding/json calls a value: "string", "number 1.5".
func article(value string) string {
	switch word, _, _ := strings.Cut(value, " "); word {
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	}
	return "the " + value
}

// kindOf is what JSON calls what fits a type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct, reflect.Pointer:
		return "an object"
	}
	return "a whole number that is not so large"
}
