/** A short message of what happened, in the corner. */
export interface Notice {
  id: number
  kind: 'done' | 'failed'
  title: string
  description?: string
  shownMs: number
}

const doneMs = 6_000
const failedMs = 12_000
const most = 4

export function useNotices() {
  const notices = useState<Notice[]>('notices', () => [])

  function show(notice: Omit<Notice, 'id'>): void {
    const id = (notices.value.at(-1)?.id ?? 0) + 1
    notices.value = [...notices.value, { id, ...notice }].slice(-most)
  }

  return {
    notices: readonly(notices),
    done: (title: string, description?: string) =>
      show({ kind: 'done', title, description, shownMs: doneMs }),
    failed: (failure: Failure) => show({ kind: 'failed', ...failureWords(failure), shownMs: failedMs }),
    dismiss(id: number): void {
      notices.value = notices.value.filter((notice) => notice.id !== id)
    },
  }
}
