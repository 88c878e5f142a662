package conversation

import "strings"

// Mask stands for a digit that is not shown.
const Mask = '•'

// Redact replaces the digits of payment cards and of identity numbers (Chinese,
// 18 characters; Brazilian CPF) in a text. Numbers may hold blanks, dots and
// hyphens. Others, such as telephone and order numbers, stay: cards and identity
// numbers are told by their check digits.
func Redact(s string) string {
	if len(s) < 11 || !strings.ContainsAny(s, "0123456789") {
		return s
	}
	var out strings.Builder
	done := 0
	for i := 0; i < len(s); {
		if !digit(s[i]) {
			i++
			continue
		}
		end, digits := number(s, i)
		if secret(digits) {
			out.WriteString(s[done:i])
			for _, c := range []byte(s[i:end]) {
				if digit(c) || c == 'X' || c == 'x' {
					out.WriteRune(Mask)
				} else {
					out.WriteByte(c)
				}
			}
			done = end
		}
		i = end
	}
	if done == 0 {
		return s
	}
	out.WriteString(s[done:])
	return out.String()
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// number reads digits with single separators between them from s[i] on. A final X
// belongs to a Chinese identity number.
func number(s string, i int) (end int, digits string) {
	var d []byte
	end = i
	for j := i; j < len(s); j++ {
		switch {
		case digit(s[j]):
			d = append(d, s[j])
			end = j + 1
		case len(d) == 17 && (s[j] == 'X' || s[j] == 'x'):
			return j + 1, string(d) + "X"
		case (s[j] == ' ' || s[j] == '-' || s[j] == '.') && j == end:
			// one separator, if a digit follows
		default:
			return end, string(d)
		}
	}
	return end, string(d)
}

// secret reports whether a number is a card or an identity number.
func secret(d string) bool {
	switch {
	case len(d) == 18 && chineseID(d):
		return true
	case strings.HasSuffix(d, "X"):
		return false
	case len(d) == 11:
		return cpf(d)
	}
	return len(d) >= 13 && len(d) <= 19 && luhn(d)
}

// luhn is the check of payment cards. Numbers of one repeated digit are none.
func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0 && strings.Trim(d, d[:1]) != ""
}

// chineseID is the check of GB 11643: weights, the remainder as the last character.
func chineseID(d string) bool {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(d[i]-'0') * w
	}
	return d[17] == "10X98765432"[sum%11]
}

// cpf is the check of the Brazilian taxpayer number: two digits by weights.
func cpf(d string) bool {
	if strings.Trim(d, d[:1]) == "" {
		return false
	}
	for _, n := range [2]int{9, 10} {
		sum := 0
		for i := range n {
			sum += int(d[i]-'0') * (n + 1 - i)
		}
		if sum*10%11%10 != int(d[n]-'0') {
			return false
		}
	}
	return true
}
