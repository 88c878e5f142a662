package site

import (
	"net/http"

	"parlor/internal/canvas"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
)

// drawn serves the drawn picture of a canvas by its signed address.
func (s *Site) drawn(w http.ResponseWriter, r *http.Request) {
	c, err := s.Canvases.Named(r.Context(), r.PathValue("token"))
	var d canvas.Drawn
	if err == nil {
		size := canvas.Whole
		if r.URL.Query().Get("size") == "small" {
			size = canvas.Small
		}
		d, err = s.Canvases.Render(r.Context(), c, size)
	}
	if err != nil {
		httpx.LogInternal(s.Log, r, err)
		http.Error(w, errs.MessageOf(err), errs.Status(err))
		return
	}
	httpx.ServeDrawn(w, r, d)
}
