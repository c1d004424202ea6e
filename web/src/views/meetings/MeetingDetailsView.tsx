export default function MeetingDetailsView() {
  return null;
}
