package engine

import (
	"strings"
	"testing"
)

// BenchmarkClean takes the worst texts that were thought of.
func BenchmarkClean(b *testing.B) {
	for name, s := range map[string]string{"prose": strings.Repeat("Em até 7 dias, veja https://shop.example/back. ", 20), "dots": strings.Repeat("a.", 9000), "brackets": strings.Repeat("[(", 9000),
		"names": strings.Repeat("a.com", 3000), "nested": strings.Repeat("<", 4000) + strings.Repeat("a>", 4000), "images": strings.Repeat("![", 9000), "empty": strings.Repeat("(", 4000) + strings.Repeat(")", 4000)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				clean(s, links(shopPassages))
			}
		})
	}
}
