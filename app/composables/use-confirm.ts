import { BaseConfirm } from '#components'

export interface Question {
  title: string
  /** What will happen, and whether it can be undone. */
  description: string
  /** Words of the button that goes on. */
  action: string
  /** To be typed before going on, for what is hard to undo. */
  typeToConfirm?: string
}

/** Asks before something is taken away; resolves to whether to go on. */
export function useConfirm() {
  const overlay = useOverlay()
  return async (question: Question): Promise<boolean> => {
    const dialog = overlay.create(BaseConfirm, { destroyOnClose: true })
    return (await dialog.open({ question }).result) === true
  }
}
