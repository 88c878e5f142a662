package pdf

import "unicode"

// helvetica holds the widths of the characters 32–126 and 161–255 in thousandths
// of the size.
var helvetica = [...]uint16{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
	556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
	556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
	333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333, 400, 584, 333, 333, 333, 556, 537, 278, 333,
	333, 365, 556, 834, 834, 834, 611, 667, 667, 667, 667, 667, 667, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278, 722,
	722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611, 556, 556, 556, 556, 556, 556, 889, 500, 556,
	556, 556, 556, 278, 278, 278, 278, 556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
}

// isLatin reports whether the first font has a character.
func isLatin(r rune) bool { return r >= ' ' && r <= '~' || r >= 0xa1 && r <= 0xff }

// winAnsi is how the first font takes text.
func winAnsi(l []rune) []byte {
	b := make([]byte, len(l))
	for i, r := range l {
		b[i] = byte(r)
	}
	return b
}

// advance is how wide a character is, in thousandths of the size.
func advance(r rune) float64 {
	switch {
	case r >= ' ' && r <= '~':
		return float64(helvetica[r-' '])
	case r >= 0xa1 && r <= 0xff:
		return float64(helvetica[r-0xa1+'~'-' '+1])
	}
	return 1000
}

// width is how wide a line is.
func width(l []rune) (w float64) {
	for _, r := range l {
		w += advance(r)
	}
	return w
}

// wrap cuts a paragraph into lines of at most that width: at blanks, between
// characters that are not Latin, and within a word that is wider than a line.
func wrap(text string, most float64) [][]rune {
	var lines [][]rune
	var line []rune
	used := 0.0
	space := -1 // behind which character the line may be cut
	for _, r := range text {
		switch {
		case r == '\t' || r == 0xa0:
			r = ' '
		case r < ' ' || r == 0x7f || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r):
			continue // nothing to be seen, or a mark that the font cannot put above another
		}
		if used += advance(r); used > most && len(line) > 0 {
			cut := len(line)
			if isLatin(r) && r != ' ' && isLatin(line[cut-1]) && line[cut-1] != ' ' && space >= 0 {
				cut = space + 1
			}
			lines = append(lines, line[:cut:cut])
			line = line[cut:]
			space = -1
			used = width(line) + advance(r)
		}
		if r == ' ' || !isLatin(r) {
			space = len(line)
		}
		line = append(line, r)
	}
	return append(lines, line)
}
