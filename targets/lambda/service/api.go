package service

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// apiDates are the dates that the paths of AWS's Lambda API begin with.
func apiDates() []string {
	return []string{
		"2014-11-13", "2015-03-31", "2016-08-19", "2017-03-31", "2017-10-31", "2018-10-31", "2019-09-25", "2019-09-30", "2020-04-22",
		"2020-06-30", "2021-07-20", "2021-10-31", "2021-11-15", "2024-08-31", "2025-11-30", "2025-12-01", "2026-07-09",
	}
}

// isAPI reports whether a path is one of AWS's Lambda API, which on AWS has a
// host of its own: none of those reaches the function.
func isAPI(path string) bool {
	if len(path) < 2 || path[1] != '2' { // the quick answer for most
		return false
	}
	date, _, _ := strings.Cut(path[1:], "/")
	return slices.Contains(apiDates(), date)
}

// serveAPI answers what there is of the API: Invoke and InvokeWithResponseStream.
func (s *Service) serveAPI(w http.ResponseWriter, r *http.Request) {
	name, ok := functionIn(r.URL.Path, "/2015-03-31/functions/", "/invocations")
	streams := false
	if !ok {
		name, streams = functionIn(r.URL.Path, "/2021-11-15/functions/", "/response-streaming-invocations")
	}
	switch {
	case !ok && !streams:
		notImplemented(r).write(w)
	case r.Method != http.MethodPost:
		w.Header()["Allow"] = []string{http.MethodPost}
		wrongMethod(r).write(w)
	default:
		s.serveInvoke(w, r, name, streams)
	}
}

// functionIn returns the function's name in a path between the two.
func functionIn(path, before, after string) (name string, ok bool) {
	rest, ok1 := strings.CutPrefix(path, before)
	name, ok2 := strings.CutSuffix(rest, after)
	return name, ok1 && ok2 && !strings.Contains(name, "/")
}

// The patterns of the names that callers give, as the API's reference has them.
const (
	namePattern      = `(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`
	qualifierPattern = `(|[a-zA-Z0-9$_-]+)`
)

// find refuses a caller who names another function than the one that there is,
// or a version or alias of it, of which there is none but $LATEST. A name is the
// name alone, or a partial or whole ARN, each with or without a qualifier.
func (s *Service) find(name, qualifier string) *refusal {
	if name == s.config.Name && qualifier == "" { // what most callers say
		return nil
	}
	parts := regexp.MustCompile("^" + namePattern + "$").FindStringSubmatch(name)
	if parts == nil {
		return invalid("functionName", name, "Member must satisfy regular expression pattern: "+namePattern)
	}
	if !regexp.MustCompile("^" + qualifierPattern + "$").MatchString(qualifier) {
		return invalid("qualifier", qualifier, "Member must satisfy regular expression pattern: "+qualifierPattern)
	}
	in, of, function, derived := parts[3], parts[5], parts[7], parts[9]
	if derived != "" && qualifier != "" && derived != qualifier {
		return badRequest("InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier.")
	}
	arn := fmt.Sprintf("arn:aws:lambda:%s%sfunction:%s", cmp.Or(in, region+":"), cmp.Or(of, account+":"), function)
	qualifier = cmp.Or(derived, qualifier, version)
	if qualifier != version {
		return notFound(arn + ":" + qualifier)
	}
	if arn != s.arn() {
		return notFound(arn)
	}
	return nil
}
