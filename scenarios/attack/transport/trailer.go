package transport

import (
	"maps"
	"net/http"
)

// announceTrailer lays out the trailer as net/http does: the names that the header
// announced, without values until the body has ended.
func (a *answer) announceTrailer() {
	if len(a.head.trailers) == 0 {
		return
	}
	a.response.Trailer = make(http.Header)
	for _, key := range a.head.trailers {
		a.response.Trailer[key] = nil
	}
}

// addTrailer adds what the trailer said, announced or not.
func (a *answer) addTrailer() {
	if len(a.chunks.trailer) == 0 {
		return
	}
	if a.response.Trailer == nil {
		a.response.Trailer = make(http.Header)
	}
	maps.Copy(a.response.Trailer, a.chunks.trailer)
}
