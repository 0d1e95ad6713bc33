package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/servers/internal/child"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/tileseal/tileseal/install"
)

// The load: 10,000 requests, most of them on connections that are kept, the
// others on a new one each.
const (
	nKept, perKept   = 8, 1125
	nFresh, perFresh = 4, 250
	nRequests        = nKept*perKept + nFresh*perFresh
)

// TestLoad serves 10,000 requests under the seal, as seen from outside all the
// while, and checks what the page says about them.
func TestLoad(t *testing.T) {
	c := child.Start(t, nil)
	if err := install.Verify(c.PID()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		load(t, c)
	}()
	looks := 0
	for loading := true; loading; looks++ {
		if err := install.Verify(c.PID()); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
			loading = false
		case <-time.After(20 * time.Millisecond):
		}
	}
	took := time.Since(began)
	t.Logf("%d requests in %v, %.0f a second; all threads sealed at each of %d looks",
		nRequests, took.Round(time.Millisecond), nRequests/took.Seconds(), looks)

	checkPage(t, page(t, c))
	c.Terminates()
	var collections int
	for _, line := range c.Said {
		if _, rest, ok := strings.Cut(line, "done: "); ok {
			fmt.Sscanf(rest, "%d garbage collections", &collections)
		}
	}
	if collections == 0 {
		t.Errorf("the garbage collector did not run; it said\n%s", c.Text())
	}
}

// load makes all requests.
func load(t *testing.T, c *child.Child) {
	var wg sync.WaitGroup
	for i := range nKept {
		wg.Go(func() {
			// Half of them take the page compressed, as Prometheus does.
			requests(t, c, &http.Transport{MaxConnsPerHost: 1, DisableCompression: i%2 == 0}, perKept)
		})
	}
	for range nFresh {
		wg.Go(func() { requests(t, c, &http.Transport{DisableKeepAlives: true}, perFresh) })
	}
	wg.Wait()
}

// requests makes n requests, one after the other, and has a look at each page.
func requests(t *testing.T, c *child.Child, transport *http.Transport, n int) {
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: child.Patience}
	for range n {
		r, err := client.Get("http://" + c.Addr + "/metrics")
		if err != nil {
			t.Error(err)
			return
		}
		n, err := io.Copy(io.Discard, r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK || n < 1000 {
			t.Errorf("%s, a page of %d bytes, error %v", r.Status, n, err)
			return
		}
	}
}

// page reads the page as Prometheus would.
func page(t *testing.T, c *child.Child) map[string]*dto.MetricFamily {
	t.Helper()
	r, err := get(c, "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got, want := expfmt.ResponseFormat(r.Header).FormatType(), expfmt.TypeTextPlain; got != want {
		t.Fatalf("the page is of format %v, want %v", got, want)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// checkPage checks what the page after the load says about it.
func checkPage(t *testing.T, families map[string]*dto.MetricFamily) {
	t.Helper()
	// The request that asks for the page is not answered yet.
	if got := value(families, "http_requests_total", "code=200", "method=get"); got != nRequests {
		t.Errorf("the page counts %v requests, want %d", got, nRequests)
	}
	if got := families["http_request_duration_seconds"].GetMetric()[0].GetHistogram().GetSampleCount(); got != nRequests {
		t.Errorf("the histogram has %v requests, want %d", got, nRequests)
	}
	// But its connection is there.
	if got, want := value(families, "http_connections_total", "state=new"), nKept+nFresh*perFresh+1; got != float64(want) {
		t.Errorf("the page counts %v connections, want %d", got, want)
	}
	if got := families["go_info"].GetMetric()[0].GetGauge().GetValue(); got != 1 {
		t.Errorf("go_info is %v, want 1", got)
	}
}

// value is that of the counter with these labels, or -1.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, m := range families[name].GetMetric() {
		found := 0
		for _, have := range m.GetLabel() {
			for _, want := range labels {
				if have.GetName()+"="+have.GetValue() == want {
					found++
				}
			}
		}
		if found == len(labels) {
			return m.GetCounter().GetValue()
		}
	}
	return -1
}
