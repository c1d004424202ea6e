// A standard client that is not ours: pion publishes a film by WHIP and records what it watches by WHEP.
//
//	pion publish URL film.ivf    sends the VP8 film over and over, with silence beside it, until its input ends; at each
//	                             line of it, restarts ICE and says "restarted"
//	pion watch URL film.ivf N    records N pictures
//
// The ticket is in TICKET. Both say "connected" once they are, and leave by DELETE.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/ivfwriter"
)

// One frame of 20 ms in which nobody speaks (RFC 6716 §3.1: TOC of a silent CELT frame).
var silence = []byte{0xf8, 0xff, 0xfe}

func main() {
	if len(os.Args) < 4 {
		fail(errors.New("usage: pion publish|watch URL film.ivf [N]"))
	}
	pc, err := newPeer()
	fail(err)
	connected := make(chan struct{})
	var once sync.Once
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		fmt.Println(state)
		if state == webrtc.PeerConnectionStateConnected {
			// Again after an ICE restart.
			once.Do(func() { close(connected) })
		}
	})
	if os.Args[1] == "publish" {
		publish(pc, os.Args[2], os.Args[3], connected)
		return
	}
	pictures, err := strconv.Atoi(os.Args[4])
	fail(err)
	watch(pc, os.Args[2], os.Args[3], pictures)
}

func newPeer() (*webrtc.PeerConnection, error) {
	// A machine without a network has loopback alone.
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	return webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
}

func publish(pc *webrtc.PeerConnection, address, film string, connected <-chan struct{}) {
	picture, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "pion")
	fail(err)
	sound, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "audio", "pion")
	fail(err)
	for _, track := range []webrtc.TrackLocal{sound, picture} {
		// Its direction stays open (sendrecv), as pion has it.
		_, err := pc.AddTrack(track)
		fail(err)
	}
	session := open(pc, address)
	<-connected
	go func() {
		for range time.Tick(20 * time.Millisecond) {
			_ = sound.WriteSample(media.Sample{Data: silence, Duration: 20 * time.Millisecond})
		}
	}()
	go play(picture, film)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		restart(pc, session)
		fmt.Println("restarted")
	}
	leave(session)
}

// restart gives ICE new credentials (RFC 9725 section 4.3.3) and returns once it is connected by them.
func restart(pc *webrtc.PeerConnection, session string) {
	states := make(chan webrtc.ICEConnectionState, 16)
	pc.OnICEConnectionStateChange(func(state webrtc.ICEConnectionState) { states <- state })
	offer, err := pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	fail(err)
	gathered := webrtc.GatheringCompletePromise(pc)
	fail(pc.SetLocalDescription(offer))
	<-gathered
	ours := strings.Join(ice.FindAllString(pc.LocalDescription().SDP, -1)[:2], "")
	answer, body := request(http.MethodPatch, session, ours)
	if answer.StatusCode != http.StatusOK {
		fail(fmt.Errorf("%s: %s", answer.Status, body))
	}
	theirs := strings.Join(ice.FindAllString(body, -1)[:2], "")
	// The answer of before, with the credentials of now.
	before := pc.CurrentRemoteDescription().SDP
	first := true
	sdp := ice.ReplaceAllStringFunc(before, func(string) string {
		if !first {
			return ""
		}
		first = false
		return theirs
	})
	fail(pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}))
	for state := range states {
		if state == webrtc.ICEConnectionStateConnected {
			return
		}
	}
}

// The lines of ICE credentials.
var ice = regexp.MustCompile(`a=ice-(ufrag|pwd):[^\r\n]*\r\n`)

func play(picture *webrtc.TrackLocalStaticSample, film string) {
	for {
		file, err := os.Open(film)
		fail(err)
		reader, _, err := ivfreader.NewWith(file)
		fail(err)
		for {
			frame, _, err := reader.ParseNextFrame()
			if errors.Is(err, io.EOF) {
				break
			}
			fail(err)
			_ = picture.WriteSample(media.Sample{Data: frame, Duration: 33 * time.Millisecond})
			time.Sleep(33 * time.Millisecond)
		}
		_ = file.Close()
	}
}

func watch(pc *webrtc.PeerConnection, address, film string, pictures int) {
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		_, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		fail(err)
	}
	done := make(chan struct{})
	heard := make(chan struct{}, 1)
	streams := make(chan string, 2)
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		streams <- track.StreamID()
		if track.Kind() == webrtc.RTPCodecTypeAudio {
			_, _, err := track.ReadRTP()
			fail(err)
			heard <- struct{}{}
			return
		}
		record(track, film, pictures)
		close(done)
	})
	session := open(pc, address)
	<-done
	<-heard
	if one, other := <-streams, <-streams; one != other {
		fail(fmt.Errorf("sound and picture are of two streams, %s and %s", one, other))
	}
	leave(session)
}

func record(track *webrtc.TrackRemote, film string, pictures int) {
	writer, err := ivfwriter.New(film, ivfwriter.WithCodec(webrtc.MimeTypeVP8))
	fail(err)
	for seen := 0; seen < pictures; {
		packet, _, err := track.ReadRTP()
		fail(err)
		fail(writer.WriteRTP(packet))
		if packet.Marker {
			seen++
		}
	}
	fail(writer.Close())
}

// open sends the offer with all candidates inside, takes the answer, and returns the address of the connection.
func open(pc *webrtc.PeerConnection, address string) string {
	offer, err := pc.CreateOffer(nil)
	fail(err)
	gathered := webrtc.GatheringCompletePromise(pc)
	fail(pc.SetLocalDescription(offer))
	<-gathered
	answer, body := request(http.MethodPost, address, pc.LocalDescription().SDP)
	if answer.StatusCode != http.StatusCreated {
		fail(fmt.Errorf("%s: %s", answer.Status, body))
	}
	fail(pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: body}))
	base, err := url.Parse(address)
	fail(err)
	session, err := base.Parse(answer.Header.Get("Location"))
	fail(err)
	return session.String()
}

func leave(session string) {
	if answer, body := request(http.MethodDelete, session, ""); answer.StatusCode != http.StatusOK {
		fail(fmt.Errorf("%s: %s", answer.Status, body))
	}
}

func request(method, address, body string) (*http.Response, string) {
	made, err := http.NewRequest(method, address, strings.NewReader(body))
	fail(err)
	made.Header.Set("Authorization", "Bearer "+os.Getenv("TICKET"))
	made.Header.Set("Content-Type", "application/sdp")
	if method == http.MethodPatch {
		made.Header.Set("Content-Type", "application/trickle-ice-sdpfrag")
		made.Header.Set("If-Match", "*")
	}
	answer, err := http.DefaultClient.Do(made)
	fail(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fail(err)
	return answer, string(text)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
