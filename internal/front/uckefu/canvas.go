package uckefu

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"

	"parlor/internal/account"
	"parlor/internal/canvas"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
	"parlor/internal/media"
)

// Parts of the addresses of pictures that are drawn on.
const (
	uploadPrefix = "upload/"
	drawnSuffix  = "_cooperation"
)

// pictureNamed returns the file that an attachmentid means: a picture's id or
// signed name, or the signed name of a canvas. What the agent may do with it is
// decided by the service.
func (f *Front) pictureNamed(ctx context.Context, t id.Tenant, name string) (id.File, error) {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "/res/image.html?id="), uploadPrefix)
	name = strings.TrimSuffix(strings.TrimSuffix(name, drawnSuffix), "_original")
	if id.Valid(name) {
		return id.File(name), nil
	}
	if file := f.Media.TokenFile(t, name); file != "" {
		return file, nil
	}
	c, err := f.Visit.Canvases.Named(ctx, name)
	if err != nil || c.Tenant != t {
		return "", errs.Field("attachmentid", "file_not_found", "The attachmentid names no picture.")
	}
	return c.File, nil
}

// cooperate makes a picture one that both sides draw on, and tells the visitor.
func (c *agentConn) cooperate(ctx context.Context, conv id.Conversation, attachment, clientID string) error {
	file, err := c.f.pictureNamed(ctx, c.who.Tenant, attachment)
	if err != nil {
		return err
	}
	_, err = c.f.Visit.Canvases.Start(ctx, c.who, canvas.StartInput{Conversation: conv, File: file, ClientID: clientID})
	return err
}

// attachment is the attachmentid of a message: of a canvas its signed name, which
// stays the same, of anything else the file's id.
func (f *Front) attachment(m conversation.Message) string {
	if m.Canvas != "" {
		return f.Visit.Canvases.Token(m.Tenant, m.Canvas)
	}
	return string(m.File.ID)
}

// drawn tells a page that the drawing of a canvas has changed: one that has it
// open loads it anew. It must be called with mu held.
func (c *visitorConn) drawn(d *canvas.Changed) {
	if !c.admitted || d.Canvas.Conversation != c.conv.ID {
		return
	}
	o := c.f.line(c.gen, c.conv, "action", "")
	o.Type, o.CallType, o.AttachmentID = "message", c.gen.callType("invite"), c.f.Visit.Canvases.Token(c.who.Tenant, d.Canvas.ID)
	_ = c.sock.Emit("message", o) // a full queue closes the socket; the page comes back
}

// saveDrawing is /agent/message/image/upload: fileid is the attachmentid, image
// the drawing as a whole picture (data URL or file), id or userid the visitor.
func (f *Front) saveDrawing(w http.ResponseWriter, r *http.Request, l account.Login) error {
	c, err := f.canvasNamed(r, l)
	if err != nil {
		return err
	}
	image, err := imageOf(r)
	if err != nil {
		return err
	}
	got, err := f.Visit.Canvases.SaveLayer(r.Context(), l.Actor(), c.ID, image)
	if err != nil {
		return err
	}
	name := f.Visit.Canvases.Token(l.Agent.Tenant, got.ID)
	return ok(w, map[string]string{"attachmentid": name, "url": "/res/image.html?id=" + uploadPrefix + name + drawnSuffix})
}

// canvasNamed returns the canvas that fileid names, by itself or within the
// dialogue of the visitor.
func (f *Front) canvasNamed(r *http.Request, l account.Login) (canvas.Canvas, error) {
	ctx, name := r.Context(), strings.TrimPrefix(r.FormValue("fileid"), uploadPrefix)
	if c, err := f.Visit.Canvases.Named(ctx, strings.TrimSuffix(name, drawnSuffix)); err == nil && c.Tenant == l.Agent.Tenant {
		return c, nil
	}
	file, err := f.pictureNamed(ctx, l.Agent.Tenant, name)
	if err != nil {
		return canvas.Canvas{}, err
	}
	talk, err := f.dialogueOf(r, l, "userid", "id")
	if errs.CodeOf(err) == errs.NotFound {
		talk, err = f.ownDialogue(ctx, l, r.FormValue("userid"))
	}
	if err != nil {
		return canvas.Canvas{}, err
	}
	list, err := f.Visit.Canvases.List(ctx, l.Actor(), talk.ID)
	for _, c := range list {
		if c.File == file {
			return c, nil
		}
	}
	if err == nil {
		err = errs.New(errs.NotFound, "canvas_not_found", "The picture is not drawn on in this dialogue.")
	}
	return canvas.Canvas{}, err
}

// ownDialogue finds the agent's running dialogue with a visitor by the userid of its page.
func (f *Front) ownDialogue(ctx context.Context, l account.Login, userid string) (got conversation.Conversation, err error) {
	list, _, err := f.Conversations.List(ctx, l.Actor(), conversation.Filter{View: conversation.ViewMine, Limit: 200})
	if err != nil {
		return got, err
	}
	ids := make([]id.Visitor, len(list))
	for i, c := range list {
		ids[i] = c.Visitor
	}
	visitors, err := f.Visitors.Visitors(ctx, l.Agent.Tenant, ids)
	if err != nil {
		return got, err
	}
	for _, c := range list {
		if v, there := visitors[c.Visitor]; there && userID(v) == userid {
			return c, nil
		}
	}
	return got, errs.New(errs.NotFound, "conversation_not_found", "There is no such running dialogue.")
}

// imageOf is the field `image` of a form: a file, or a data URL, or plain base64.
func imageOf(r *http.Request) (io.Reader, error) {
	if part, _, err := r.FormFile("image"); err == nil {
		return part, nil
	}
	text := r.FormValue("image")
	if head, rest, found := strings.Cut(text, ","); found {
		if !strings.HasPrefix(head, "data:image/") || !strings.HasSuffix(head, ";base64") {
			return nil, errs.Field("image", "not_an_image", "The image is no data URL of a picture.")
		}
		text = rest
	}
	if text == "" {
		return nil, errs.Field("image", "file_missing", "The form has no image.")
	}
	// A form without percent-encoding turns + into a blank.
	return base64.NewDecoder(base64.StdEncoding, strings.NewReader(strings.ReplaceAll(text, " ", "+"))), nil
}

// cooperation serves the picture of a canvas by its signed name, or with
// everything on it; handled is false if the name is no canvas's.
func (f *Front) cooperation(w http.ResponseWriter, r *http.Request, name string) (handled bool, err error) {
	plain, drawn := strings.CutSuffix(strings.TrimSuffix(name, "_original"), drawnSuffix)
	c, err := f.Visit.Canvases.Named(r.Context(), plain)
	if err != nil {
		return drawn, err // without the suffix it may be a file's name
	}
	if drawn {
		d, err := f.Visit.Canvases.Render(r.Context(), c, canvas.Whole)
		if err == nil {
			httpx.ServeDrawn(w, r, d)
		}
		return true, err
	}
	o, err := f.Media.OpenToken(r.Context(), f.Media.Token(c.Tenant, c.File), media.Original)
	if err == nil {
		httpx.ServeFile(w, r, o)
	}
	return true, err
}
