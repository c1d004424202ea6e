export default function MeetingsView() {
  return null;
}
