//go:build ignore

// Command generate makes region.bin of the text data of ip2region 2.11:
//
//	go run generate.go …/data/ip.merge.txt region.bin
package main

import (
	"log"
	"os"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"parlor/internal/region"
)

func main() {
	codes := map[string]string{"韩国": "KR", "缅甸": "MM", "刚果金": "CD", "刚果布": "CG", "波黑": "BA", "北马其顿": "MK", "阿联酋": "AE", "孟加拉": "BD",
		"多米尼加": "DO", "巴勒斯坦": "PS", "中非": "CF", "留尼旺": "RE", "蒙塞拉特岛": "MS", "托克劳群岛": "TK", "瓦利斯和富图纳群岛": "WF",
		"法国南部领地": "TF", "圣马丁": "MF", "安的列斯": "CW", "南乔治亚岛和南桑威奇群岛": "GS"}
	names := display.Regions(language.SimplifiedChinese)
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string(a) + string(b))
			if err != nil || !r.IsCountry() {
				continue
			}
			if n := names.Name(r); n != "" {
				codes[n] = r.String()
			}
		}
	}
	in, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	t, err := region.Read(in, func(country string) (string, bool) {
		switch country {
		case "保留", "", "欧洲", "北美地区", "亚太地区", "非洲地区":
			return "", false
		case "中国":
			return "CN", true
		}
		if c := codes[country]; c != "" {
			return c, false
		}
		log.Print("no code: ", country)
		return country, false
	})
	if err != nil {
		log.Fatal(err)
	}
	out, err := os.Create(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if err := t.Pack(out); err != nil {
		log.Fatal(err)
	}
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
}
