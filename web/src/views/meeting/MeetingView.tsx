export default function MeetingView() {
  return null;
}
