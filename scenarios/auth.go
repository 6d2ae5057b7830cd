package scenarios

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"servebench/scenarios/decode"
)

// Auth is the credentials of requests, by one of its keys.
type Auth struct {
	// A token, sent as Authorization: Bearer TOKEN.
	Bearer string `key:"bearer" absent:"none" format:"token" want:"a token, such as ${TOKEN}"`
	// A user and a password, sent as Authorization: Basic.
	Basic *Basic `key:"basic" default:"none"`
	// Signatures of AWS (Signature Version 4), with the credentials that AWS's tools use:
	// those of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
	// AWS_SESSION_TOKEN), of a profile, of a web identity, of the container or of the
	// instance. Every request is signed before the load, and again every two minutes while
	// it is sent, beside the sending.
	AWS *AWS `key:"aws" default:"none"`
}

// Basic is a user with a password (RFC 7617).
type Basic struct {
	// The name of the user, without a colon.
	User string `key:"user,required" format:"user" want:"a name without a colon"`
	// The password.
	Password string `key:"password" absent:"empty" format:"password" want:"a password, such as ${PASSWORD}"`
}

// AWS says what requests are signed for.
type AWS struct {
	// The name of the service that the signatures are for: sagemaker, lambda (function
	// URLs), execute-api (API Gateway), bedrock …
	Service string `key:"service,required" format:"scope" want:"a service's name in signatures, such as sagemaker"`
	// The region of the service.
	Region string `key:"region" absent:"AWS_REGION, or that of the profile" format:"scope" want:"a region, such as eu-central-1"`
	// The profile of the AWS configuration that credentials and region are taken from.
	Profile string `key:"profile" absent:"AWS_PROFILE, or default" format:"word" want:"a profile's name"`
}

const authorization = "Authorization"

// Header is the value of the header field Authorization; "" where requests are signed, or
// have no credentials.
func (a *Auth) Header() string {
	switch {
	case a == nil:
		return ""
	case a.Bearer != "":
		return "Bearer " + a.Bearer
	case a.Basic != nil:
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.Basic.User+":"+a.Basic.Password))
	}
	return ""
}

// auth finds what contradicts itself in what is sent beside the requests.
func (c check) auth() {
	h := c.s.HTTP
	given := 0
	if a := h.Auth; a != nil {
		for _, there := range []bool{a.Bearer != "", a.Basic != nil, a.AWS != nil} {
			if there {
				given++
			}
		}
		c.refuse("http.auth", given == 0 && c.Sound("http.auth.bearer", "http.auth.basic", "http.auth.aws"), "no credentials in it", "bearer, basic or aws")
		c.refuse("http.auth", given > 1, "more than one kind of credentials", "one of bearer, basic and aws")
	}
	const alone = "one or the other"
	c.refuse("http.headers."+authorization, given > 0 && h.Headers[authorization] != "", "http.auth sets this field", alone)
	if c.s.Template == nil {
		return
	}
	own := c.s.Template.Headers
	c.refuse("template.headers."+authorization, given > 0 && own[authorization] != "", "http.auth sets this field", alone)
	for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
		_, twice := own[name]
		c.refuse("http.headers."+name, twice, "template.headers sets this field, too", alone)
	}
}

// token is what RFC 6750 calls a bearer token, of any characters that can be seen.
func token(tag decode.Tag) decode.Scalar {
	return trimmed(decode.Text(tag.Want, func(n *decode.Node) *decode.Flaw {
		text := strings.TrimSpace(n.Text)
		switch {
		case text == "":
			return &decode.Flaw{Problem: "the token is empty"}
		case strings.HasPrefix(strings.ToLower(text), "bearer "):
			return &decode.Flaw{Problem: "the token begins with Bearer, which servebench adds", Want: "the token alone"}
		case !isVisibleASCII(text):
			return &decode.Flaw{Problem: "the token has white space or other characters in it that no header field can hold", Want: "the token alone"}
		}
		return nil
	}))
}

// scope is a part of what a signature of AWS is good for: a service or a region.
func scope(tag decode.Tag) decode.Scalar {
	s := decode.Matching("name", tag.Want, `^[a-z0-9][a-z0-9-]*$`, " has other characters than lower-case letters, digits and -")
	s.HandedOn = false // it says what is measured
	return s
}

// user is the name of a user of RFC 7617.
func user(tag decode.Tag) decode.Scalar {
	return decode.Text(tag.Want, func(n *decode.Node) *decode.Flaw {
		switch {
		case n.Text == "":
			return &decode.Flaw{Problem: "the name is empty"}
		case strings.Contains(n.Text, ":"):
			return &decode.Flaw{Problem: n.String() + " has a colon in it, where the password would begin"}
		case !decode.Visible(n.Text, ""):
			return &decode.Flaw{Problem: n.String() + " holds control characters"}
		}
		return nil
	})
}

// password may be empty: many servers take a key as the user alone.
func password(tag decode.Tag) decode.Scalar {
	return decode.Text(tag.Want, func(n *decode.Node) *decode.Flaw {
		if !decode.Visible(n.Text, "") {
			return &decode.Flaw{Problem: "the password holds control characters"}
		}
		return nil
	})
}

func isVisibleASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
