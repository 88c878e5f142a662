package export

// Bound gives a service other bounds of rows.
func Bound(s *Service, rows, book int64) { s.mostRows, s.mostBook = rows, book }
