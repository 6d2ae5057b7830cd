package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Explain says of an error that the parser of cmd's flags made, in the user's words,
// which flag it is about and what would be right. Another error stays as it is.
func Explain(cmd *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &value):
		return fmt.Errorf("--%s %s: %s", value.GetFlag().Name, value.GetValue(), Want(err))
	case errors.As(err, &missing):
		return fmt.Errorf("--%s needs a value: want %s", missing.GetFlag().Name, wanted(missing.GetFlag()))
	case errors.As(err, &unknown):
		return unknownFlag(cmd, unknown)
	case errors.As(err, &syntax):
		return fmt.Errorf("%s is no flag; want --NAME or --NAME=VALUE", syntax.GetSpecifiedFlag())
	}
	return err
}

// Want says what a flag takes, of an error of its Set.
func Want(err error) string {
	var value *pflag.InvalidValueError
	if !errors.As(err, &value) {
		return err.Error()
	}
	if errors.Is(err, strconv.ErrRange) {
		return "it is too large; want " + wanted(value.GetFlag())
	}
	if want, known := wants[value.GetFlag().Value.Type()]; known {
		return "want " + want
	}
	return errors.Unwrap(value).Error() // by the type itself, which knows best
}

// wants says what the types of package pflag take.
var wants = map[string]string{
	"int": "a whole number", "int64": "a whole number", "uint": "a whole number from 0", "uint64": "a whole number from 0",
	"float64": "a number", "bool": "true or false", "duration": "a time with its unit, such as 500ms, 5s or 2m",
}

// wanted is what a flag takes, by its type, or by the word in its usage.
func wanted(f *pflag.Flag) string {
	if want, known := wants[f.Value.Type()]; known {
		return want
	}
	word, _ := pflag.UnquoteUsage(f)
	return "--" + f.Name + " " + strings.ToUpper(word)
}

// unknownFlag proposes two dashes where one was too few, and flags with a similar name.
func unknownFlag(cmd *cobra.Command, err *pflag.NotExistError) error {
	name, all := err.GetSpecifiedName(), err.GetSpecifiedShortnames()
	switch {
	case all == "":
		return fmt.Errorf("unknown flag: --%s%s", name, didYouMean(similarFlags(cmd, name)))
	case cmd.Flags().Lookup(all) != nil:
		return fmt.Errorf("unknown flag: -%s (did you mean --%s?)", all, all)
	case len(all) > 1:
		return fmt.Errorf("unknown flag: -%s in -%s", name, all)
	}
	return fmt.Errorf("unknown flag: -%s", name)
}

// similarFlags finds them as cobra finds commands.
func similarFlags(cmd *cobra.Command, name string) []string {
	flags := cobra.Command{SuggestionsMinimumDistance: min(2, len(name)-2)}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	similar := flags.SuggestionsFor(name)
	for i := range similar {
		similar[i] = "--" + similar[i]
	}
	return similar
}
