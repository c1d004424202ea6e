export default function EnrolView() {
  return null;
}
