// The mark: three lines of a log, the newest of them alive; and the name beside it.

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
      <rect width="32" height="32" rx="8" class="logo-plate" />
      <path d="M8 11h9M8 16h16M8 21h12" stroke="#fff" stroke-width="2.6" stroke-linecap="round" />
      <circle cx="23" cy="11" r="2.4" fill="#8ce99a" />
    </svg>
  );
}

export function Brand() {
  return <p class="brand"><Logo />generic-corp</p>;
}
