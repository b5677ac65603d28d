import { BaseConfirm } from '#components'

export interface Question {
  title: string
  /** What will happen, and whether it can be undone. */
  description: string
  /** Words of the button that goes on. */
  action: string
  /** Nothing is taken away by it. */
  harmless?: boolean
  /** To be typed before going on, for what is hard to undo. */
  typeToConfirm?: string
}

/** Asks before something is taken away, or done to many; resolves to whether to go on. */
export function useConfirm() {
  const overlay = useOverlay()
  return async (question: Question): Promise<boolean> => {
    const dialog = overlay.create(BaseConfirm, { destroyOnClose: true })
    return (await dialog.open({ question }).result) === true
  }
}
