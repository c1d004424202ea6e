export default function JoinView() {
  return null;
}
