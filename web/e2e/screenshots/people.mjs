// Runs in the page before anything of it: instead of a test pattern, the camera shows a drawn person.

/** Which person, by number; the same number is the same person in every picture. */
export function dressed(look) {
  const PEOPLE = [
    { wall: ["#c9d8e8", "#9fb6cf"], skin: "#e8b796", hair: "#3b2a22", shirt: "#2f5d8a", long: true },
    { wall: ["#e9dcc9", "#cdb796"], skin: "#e3ab7f", hair: "#17130f", shirt: "#3f6b54", long: false },
    { wall: ["#d5dfd0", "#a9bfa2"], skin: "#8a5a3c", hair: "#1d1512", shirt: "#b4532a", long: true },
    { wall: ["#dcd3e4", "#b5a6c6"], skin: "#d9a27c", hair: "#46323f", shirt: "#6a4a7d", long: true },
    { wall: ["#d8dde0", "#a7b1b8"], skin: "#f0c7a8", hair: "#b98a4b", shirt: "#394a5c", long: false },
  ];
  /** Enough to look alive; every page encodes and decodes on the same processor. */
  const RATE = 4;
  const WIDTH = 640;
  const HEIGHT = 360;

  function draw(context, person, at) {
    const wall = context.createLinearGradient(0, 0, WIDTH, HEIGHT);
    wall.addColorStop(0, person.wall[0]);
    wall.addColorStop(1, person.wall[1]);
    context.fillStyle = wall;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.fillStyle = "rgba(255,255,255,.35)";
    context.fillRect(40, 36, 130, 150);
    context.fillStyle = "rgba(60,70,90,.12)";
    for (const [left, height] of [
      [470, 90],
      [500, 112],
      [526, 78],
      [552, 104],
      [580, 86],
    ])
      context.fillRect(left, 190 - height, 20, height);
    context.fillRect(450, 190, 170, 8);
    const x = WIDTH / 2 + Math.sin(at / 1700) * 6;
    const y = 165 + Math.sin(at / 1100) * 3;
    const oval = (cx, cy, rx, ry) => {
      context.beginPath();
      context.ellipse(cx, cy, rx, ry, 0, 0, 2 * Math.PI);
      context.fill();
    };
    context.fillStyle = person.hair;
    if (person.long) {
      oval(x, y + 22, 82, 112);
      context.fillRect(x - 80, y + 30, 160, 100);
    }
    context.fillStyle = person.shirt;
    context.beginPath();
    context.moveTo(x - 170, HEIGHT);
    context.bezierCurveTo(x - 160, y + 118, x - 80, y + 112, x, y + 112);
    context.bezierCurveTo(x + 80, y + 112, x + 160, y + 118, x + 170, HEIGHT);
    context.fill();
    context.fillStyle = person.skin;
    context.fillRect(x - 24, y + 62, 48, 56);
    oval(x, y + 116, 30, 16);
    oval(x, y, 62, 80);
    context.fillStyle = person.hair;
    context.beginPath();
    context.ellipse(x, y - 22, 68, 66, 0, Math.PI, 2 * Math.PI);
    context.bezierCurveTo(x + 40, y - 46, x - 10, y - 50, x - 68, y - 22);
    context.fill();
    context.fillStyle = "#221a17";
    const blink = at % 4100 < 160 ? 1.5 : 7;
    oval(x - 23, y - 4, 6, blink);
    oval(x + 23, y - 4, 6, blink);
    context.strokeStyle = "#7d3f34";
    context.lineWidth = 4;
    context.lineCap = "round";
    context.beginPath();
    context.arc(x, y + 22, 18, 0.2 * Math.PI, 0.8 * Math.PI);
    context.stroke();
  }

  function slide(context, width, height) {
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#0b57d0";
    context.fillRect(0, 0, width, 12);
    context.fillStyle = "#16181d";
    context.font = "600 54px system-ui, 'Noto Sans CJK SC', sans-serif";
    context.fillText("Visitors to the harbour 港口访客", 80, 140);
    context.font = "28px system-ui, sans-serif";
    context.fillStyle = "#59606d";
    context.fillText("By month, in thousands", 80, 190);
    for (const [row, [name, value]] of [
      ["May", 120],
      ["June", 60],
      ["July", 40],
      ["August", 180],
      ["September", 210],
    ].entries()) {
      const top = 260 + row * 82;
      context.fillStyle = "#16181d";
      context.fillText(name, 80, top + 34);
      context.fillStyle = ["#0b57d0", "#3c7be0", "#6b9bea", "#d9480f", "#e8793f"][row];
      context.fillRect(300, top, value * 3.4, 46);
      context.fillText(`${value}`, 316 + value * 3.4, top + 34);
    }
  }

  function filmed(width, height, paint) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    const began = performance.now();
    const step = () => paint(context, performance.now() - began);
    step();
    const timer = setInterval(step, 1000 / RATE);
    const [track] = canvas.captureStream(RATE).getVideoTracks();
    const stop = track.stop.bind(track);
    track.stop = () => {
      clearInterval(timer);
      stop();
    };
    return track;
  }

  const media = navigator.mediaDevices;
  if (media === undefined) return;
  const real = media.getUserMedia.bind(media);
  media.getUserMedia = async (constraints) => {
    if (globalThis.__refuseMedia === true) throw new DOMException("Permission denied", "NotAllowedError");
    if (!constraints.video) return real(constraints);
    const stream = constraints.audio ? await real({ audio: constraints.audio }) : new MediaStream();
    stream.addTrack(filmed(WIDTH, HEIGHT, (context, at) => draw(context, PEOPLE[look % PEOPLE.length], at)));
    return stream;
  };
  media.getDisplayMedia = async () =>
    new MediaStream([filmed(1280, 720, (context) => slide(context, 1280, 720))]);
}
