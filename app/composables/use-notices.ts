/** Short messages of what happened, in the corner. */
export function useNotices() {
  const toast = useToast()
  return {
    done(title: string, description?: string): void {
      toast.add({ title, description, icon: 'i-lucide-circle-check', color: 'success' })
    },
    failed(failure: Failure): void {
      toast.add({ ...failureWords(failure), icon: 'i-lucide-circle-alert', color: 'error', duration: 10_000 })
    },
  }
}
