package contract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/media"
)

// maxField is the longest text beside a file, in bytes.
const maxField = 64 << 10

// Uploaded is what a form with a file brought.
type Uploaded struct {
	File   media.File
	there  bool
	Fields map[string]string
}

// TakeFile reads a form; its file is stored in the name of who.
func (f *Kit) TakeFile(ctx context.Context, c *Call, who actor.Actor) (u Uploaded, err error) {
	u.Fields = map[string]string{}
	form, err := c.R.MultipartReader()
	if err != nil {
		return u, InvalidParams("must be multipart")
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return u, InvalidParams("must be multipart")
		}
		if err := f.takePart(ctx, part, who, &u); err != nil {
			return u, err
		}
	}
	if !u.there {
		return u, InvalidParams("must have required property 'file'")
	}
	return u, nil
}

func (f *Kit) takePart(ctx context.Context, part *multipart.Part, who actor.Actor, u *Uploaded) (err error) {
	if part.FileName() == "" {
		text, err := io.ReadAll(io.LimitReader(part, maxField))
		if err != nil {
			return InvalidParams("must be multipart")
		}
		u.Fields[part.FormName()] = string(text)
		return nil
	}
	if part.FormName() != "file" || u.there {
		return Plain("invalid-field")
	}
	u.there = true
	u.File, err = f.Media.Save(ctx, who, part.FileName(), part)
	return err
}

// RefuseFile says why a file was not taken, in the form that this call has.
func (f *Kit) RefuseFile(err error) error {
	body := Object{"success": false}
	switch errs.ReasonOf(err) {
	case "file_too_large":
		body["reason"], body["sizeAllowed"] = "error-size-not-allowed", fmt.Sprintf("%d MB", f.Media.MaxSize()>>20)
	case "type_not_allowed", "broken_image", "image_too_large", "empty_file":
		body["reason"] = "error-type-not-allowed"
	default:
		return err
	}
	return &Fault{Status: http.StatusBadRequest, Body: body}
}

// KindOf is the kind of message that carries a file.
func KindOf(file media.File) conversation.Kind {
	if strings.HasPrefix(file.Type, "image/") {
		return conversation.Image
	}
	return conversation.FileK
}
