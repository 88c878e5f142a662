package media

import (
	"context"
	"errors"
	"image"
	"image/color"
	_ "image/gif" // decoder
	"image/jpeg"
	_ "image/png" // decoder
	"os"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // decoder

	"parlor/internal/errs"
	"parlor/internal/id"
)

// maxPixels is the largest picture that is decoded: 40 megapixels.
const maxPixels = 40_000_000

// decoding bounds the memory of concurrent decoding.
var decoding = make(chan struct{}, 2)

// picture checks that the bytes are a picture, notes its size and writes a
// thumbnail if it is wider than one.
func (s *Service) picture(path string, f *File) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	conf, _, err := image.DecodeConfig(in)
	if err != nil {
		return errs.Field("file", "broken_image", "The picture cannot be read.").Because(err)
	}
	if conf.Width*conf.Height > maxPixels || conf.Width > 20000 || conf.Height > 20000 {
		return errs.Field("file", "image_too_large", "The picture has %d × %d points; 40 million are allowed.", conf.Width, conf.Height)
	}
	f.Width, f.Height = conf.Width, conf.Height
	if conf.Width <= ThumbWidth {
		return nil
	}
	if _, err := in.Seek(0, 0); err != nil {
		return err
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	src, _, err := image.Decode(in)
	if err != nil {
		return errs.Field("file", "broken_image", "The picture cannot be read.").Because(err)
	}
	f.Thumb = true
	return writeThumb(s.path(f.Tenant, f.ID, Thumb), src)
}

func writeThumb(path string, src image.Image) (err error) {
	b := src.Bounds()
	h := max(1, b.Dy()*ThumbWidth/b.Dx())
	dst := image.NewRGBA(image.Rect(0, 0, ThumbWidth, h))
	// Transparent parts become white: thumbnails are JPEG.
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, b, draw.Over, nil)
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return jpeg.Encode(out, dst, &jpeg.Options{Quality: 82})
}

// Image decodes a stored picture of the tenant; errs.Invalid "not_an_image" if
// the file is none.
func (s *Service) Image(ctx context.Context, t id.Tenant, f id.File) (img image.Image, err error) {
	defer errs.Wrap(&err, "media.Image %s", f)
	o, err := s.open(ctx, t, f, Original)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, o.Body.Close()) }()
	if o.File.Width < 1 {
		return nil, errs.Field("file", "not_an_image", "The file %q is not a picture.", o.File.Name)
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	img, _, err = image.Decode(o.Body)
	return img, err
}
